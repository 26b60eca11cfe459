"""Where two networks first differ: in a layer, its weights, or how parts are joined. Names alone are no difference."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from archdsl.analysis.notation import node_text
from archdsl.formula import sizes_text
from archdsl.ir.marks import Mark, Path, spelled
from archdsl.ir.named import Named
from archdsl.ir.names import Kind, names, style
from archdsl.ir.nodes import (
    Architecture,
    Aux,
    Call,
    Chain,
    LayerNode,
    Member,
    Merge,
    Node,
    Reference,
    Repeat,
)


def first_difference(
    theirs: Architecture, ours: Architecture, passed: Callable[[str], bool] = lambda name: False
) -> str | None:
    """The first part of the networks that isn't the same, named as in `ours`; None where they compute the same.

    Parts whose name is `passed` aren't looked at. The sizes of the input may differ, as weights don't depend on
    them but through layers that do.
    """
    return _Comparison(passed).container(theirs.body, ours.body, "top", "")


class _Comparison:
    def __init__(self, passed: Callable[[str], bool]) -> None:
        self.passed = passed
        self.same: set[tuple[Node, Node]] = set()
        self.marks: dict[Mark, Mark] = {}
        """The marks of theirs, by those of ours."""

    def container(
        self, theirs: Chain, ours: Chain, kind: Kind, prefix: str, named: tuple[Named, ...] | None = None
    ) -> str | None:
        """The first difference between the members of two containers; `named` have names from the one around."""
        others = list(_single(theirs))
        own = names(ours, style(ours, kind)) if named is None else named
        singles = [(single, each) for each in own for single in _single_member(each.member)]
        for number, (member, each) in enumerate(singles):
            name = prefix + each.text
            if each.name is not None and self.passed(name):
                continue
            if number >= len(others):
                return f"`{name.removesuffix('.') or 'the end'}` is {node_text(member.node)} here, and nothing there"
            self.marks |= zip(member.marks, others[number].marks, strict=False)
            found = self.node(others[number].node, member.node, name, each.sides)
            if found:
                return found
        if len(others) > len(singles):
            where = f"in `{prefix[:-1]}`" if prefix else "at the end"
            return f"{node_text(others[len(singles)].node)} is {where} there, and nothing here"
        return None

    def node(self, theirs: Node, ours: Node, name: str, sides: tuple[tuple[Named, ...], ...] = ()) -> str | None:
        """The first difference between two nodes, of which ours has a name."""
        theirs, ours = _body(theirs), _body(ours)
        if theirs is ours or (theirs, ours) in self.same:
            return None
        found = self.compared(theirs, ours, name, sides)
        if found is None:
            self.same.add((theirs, ours))
        return found

    def compared(self, theirs: Node, ours: Node, name: str, sides: tuple[tuple[Named, ...], ...]) -> str | None:
        shown = f"`{name.removesuffix('.')}`" if name else "the network"
        differ = f"{shown} is {node_text(ours)} here and {node_text(theirs)} there"
        if type(theirs) is not type(ours):
            return differ
        if isinstance(theirs, LayerNode) and isinstance(ours, LayerNode):
            if type(theirs.layer) is not type(ours.layer) or dict(theirs.layer) != dict(ours.layer):
                return differ
            if theirs.layer.weights(theirs.input) != ours.layer.weights(ours.input):
                return f"{differ}, with {sizes_text(ours.input.dims)} and {sizes_text(theirs.input.dims)} coming in"
        elif isinstance(theirs, Chain) and isinstance(ours, Chain):
            return self.container(theirs, ours, "group", f"{name.removesuffix('.')}." if name else "")
        elif isinstance(theirs, Merge) and isinstance(ours, Merge):
            if theirs.kind != ours.kind:
                return differ
            if (theirs.shortcut, theirs.agrees) != (ours.shortcut, ours.agrees):
                return f"{shown} joins by {_join(ours)} here and by {_join(theirs)} there"
            if len(theirs.branches) != len(ours.branches):
                return f"{shown} has {len(ours.branches)} branches here and {len(theirs.branches)} there"
            for number, (other, branch) in enumerate(zip(theirs.branches, ours.branches, strict=True)):
                part = sides[number] if len(sides) == len(ours.branches) else ()
                named = part if len(part) == len(branch.members) else None
                found = self.container(other, branch, "group", name, named)
                if found:
                    return found
        elif isinstance(theirs, Aux) and isinstance(ours, Aux):
            return self.node(theirs.body, ours.body, name) if self.one_tensor(theirs.target, ours.target) else differ
        elif isinstance(theirs, Reference) and isinstance(ours, Reference):
            return None if self.one_tensor(theirs.target, ours.target) else differ
        return None

    def one_tensor(self, theirs: Path, ours: Path) -> bool:
        """Whether two references mean the same tensor, as far as its member has been met in both networks."""
        if all(mark in self.marks for mark in ours):
            return tuple(self.marks[mark] for mark in ours) == theirs
        return spelled(theirs) == spelled(ours)


def _body(node: Node) -> Node:
    """What a block is, whatever it is called."""
    return node.body if isinstance(node, Call) else node


def _single(chain: Chain) -> Iterator[Member]:
    """The members of a container one by one, turns of repeats among them."""
    for member in chain.members:
        yield from _single_member(member)


def _single_member(member: Member) -> Iterator[Member]:
    if not isinstance(member.node, Repeat):
        yield member
        return
    for run in member.node.runs:
        assert isinstance(run.count, int)
        for _ in range(run.count) if run.node.members else ():
            yield from _single(run.node)


def _join(node: Merge) -> str:
    if node.shortcut is None:
        return node.kind
    return f"{node.kind} with {'the identity' if node.agrees is True else node.shortcut}"
