"""Every class is checked against every call of it: its expressions, worked out, must be the settled numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from archdsl.elaborate.witnesses import Row, Witnesses
from archdsl.ir.marks import Mark, Path, spelled
from archdsl.ir.named import Named
from archdsl.ir.names import Kind, at_most_one, names, style
from archdsl.ir.nodes import Aux, Call, Chain, Choice, LayerNode, Member, Merge, Node, Reference, Repeat
from archdsl.ir.walk import walk
from archdsl.shape import Shape
from archdsl.symbolic import Condition, Expr, NeedsValue


def same_names(witnesses: Witnesses, row: Row, written: Node, settled: Node, kind: Kind) -> None:
    """Raise NeedsValue where a call names its members in another way than its class would.

    An `if` may have members with labels where the call has none, and so may a projection that it doesn't need.
    """
    mine = written.body if isinstance(written, Call) else written
    theirs = settled.body if isinstance(settled, Call) else settled
    if not isinstance(mine, Chain) or not isinstance(theirs, Chain):
        return
    chosen = style(theirs, kind)
    if style(mine, kind) != chosen:
        # Whether names are readable may depend on what is deep inside.
        raise NeedsValue(*_undecided(walk(mine)))
    open_parts = list(_undecided(_own(mine, set())))
    if open_parts and chosen == "named" and _Names(witnesses, row).of(mine) != _Names(witnesses, {}).of(theirs):
        raise NeedsValue(*open_parts)


def _undecided(nodes: Iterable[Node]) -> Iterator[Condition | Expr]:
    """What decides which members there are in a call of a class."""
    for node in nodes:
        if isinstance(node, Choice):
            yield node.condition
        if isinstance(node, Repeat) and isinstance(node.count, Expr):
            yield node.count
        if isinstance(node, Merge) and not isinstance(node.agrees, bool):
            yield node.agrees


def _own(node: Node, seen: set[Node]) -> Iterator[Node]:
    """What stands in a container itself, in its repeats, choices and merges."""
    for part in node.parts:
        if part in seen:
            continue
        seen.add(part)
        yield part
        if any(isinstance(each, (Choice, Repeat, Merge)) for each in (node, part)):
            yield from _own(part, seen)


class _Names:
    """The names in a container in one call, as far as turns of repeats are few."""

    TURNS = 32

    def __init__(self, witnesses: Witnesses, row: Row) -> None:
        self.witnesses = witnesses
        self.row = row

    def value(self, value: Any, inside: Row) -> Any:
        return self.witnesses.value(value, {**self.row, **inside})

    def of(self, chain: Chain) -> list[str]:
        return list(self.members(names(chain, "named", lambda total: at_most_one(self.value(total, {}))), {}))

    def members(self, members: Iterable[Named], inside: Row) -> Iterator[str]:
        for each in members:
            node = each.node
            if each.name is not None:
                yield "".join(str(self.value(piece, inside)) for piece in each.name)
            for side in self.there(node, each.sides, inside):
                yield from self.members(side, inside)
            for run in each.runs:
                count, start = self.value(run.run.count, inside), self.value(run.start, inside)
                for turn in range(min(count, self.TURNS - start)):
                    words = (str(run.turn), run.run.turn)
                    counted: Row = {name: turn for name in words if name is not None}
                    yield from self.members(run.members, {**inside, **counted})

    def there(self, node: Node, sides: tuple[tuple[Named, ...], ...], inside: Row) -> tuple[tuple[Named, ...], ...]:
        """The sides of a choice, or the branches of a merge, that this call has."""
        if isinstance(node, Choice):
            return sides[:1] if self.value(node.condition, inside) else sides[1:]
        if isinstance(node, Merge) and node.shortcut == "project" and self.value(node.agrees, inside) is True:
            return sides[:1]
        return sides


class WrongClass(AssertionError):
    """A class would build something else than the spec says: a mistake of ours, never of a spec."""


def verify(
    witnesses: Witnesses, row: Row, written: Node, settled: Node, outer: Mapping[Path, Path] = MappingProxyType({})
) -> None:
    """Raise WrongClass unless the body of a class, with the numbers of a call put in, is that call's own.

    Blocks and containers inside are compared as calls: what they hold is checked with their own classes.
    `outer` are the call's tensors of labels outside, by those that the class was written for.
    """
    _Check(witnesses, row, outer).node(written, settled)


Turn = tuple[int, Chain, Row]
"""How often, which members, and the numbers in force there."""


class _Check:
    def __init__(self, witnesses: Witnesses, row: Row, outer: Mapping[Path, Path]) -> None:
        self.witnesses = witnesses
        self.row = row
        self.outer = outer
        self.marks: dict[Mark, Mark] = {}
        """The marks of the members met so far, by those of the class."""

    def value(self, value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(self.value(each) for each in value)
        return self.witnesses.value(value, self.row)

    def same(self, written: Any, settled: Any, what: str) -> None:
        found = self.value(written)
        if found != settled:
            raise WrongClass(f"{what}: a class makes {found} of {written}, the network has {settled}")

    def shape(self, written: Shape, settled: Shape, what: str) -> None:
        # No class depends on open sizes, which differ from turn to turn of one run; where a weight needs a
        # size, the class is built for it, and the comparison of weights tells.
        self.same(written.channels, settled.channels, what)
        if (written.layout, written.rank) != (settled.layout, settled.rank):
            raise WrongClass(f"{what}: {written} is not laid out as {settled}")

    def node(self, written: Node, settled: Node) -> None:
        self.shape(written.input, settled.input, "what arrives")
        self.shape(written.output, settled.output, "what leaves")
        if isinstance(settled, Call):
            # The body of a block's class stands for the call's.
            settled = settled.body if isinstance(written, Chain) else settled
        if type(written) is not type(settled):
            raise WrongClass(f"{type(written).__name__} is not {type(settled).__name__}")
        if isinstance(written, LayerNode) and isinstance(settled, LayerNode):
            self.layer(written, settled)
        elif isinstance(written, Chain) and isinstance(settled, Chain):
            self.chain(written, settled)
        elif isinstance(written, Merge) and isinstance(settled, Merge):
            self.merge(written, settled)
        elif isinstance(written, Aux) and isinstance(settled, Aux):
            self.tensor(written.target, settled.target, "an auxiliary output")
            self.inner(written.body, settled.body)
        elif isinstance(written, Reference) and isinstance(settled, Reference):
            self.tensor(written.target, settled.target, "a reference")

    def tensor(self, written: Path, settled: Path, what: str) -> None:
        """Whether a label names the same tensor; labels inside a container are checked with its class."""
        meant = self.outer.get(written)
        if meant is None:
            first, *inside = written
            meant = (self.marks[first], *settled[1:]) if first in self.marks else written
            if [mark.label for mark in inside] != [mark.label for mark in settled[1:]]:
                meant = written
        if meant != settled:
            raise WrongClass(f"{what}: a class takes {spelled(written)}, the network {spelled(settled)}")

    def inner(self, written: Node, settled: Node) -> None:
        """A member: what is a class of its own is compared from outside."""
        if isinstance(written, Call) or (isinstance(written, Chain) and written.container):
            self.shape(written.input, settled.input, "what arrives")
            self.shape(written.output, settled.output, "what leaves")
        else:
            self.node(written, settled)

    def layer(self, written: LayerNode, settled: LayerNode) -> None:
        keyword = settled.layer.keyword
        self.same(written.layer.keyword, keyword, "a layer")
        axes = written.layer.axis_by_axis(written.input), settled.layer.axis_by_axis(settled.input)
        self.same(tuple(axes[0].items()), tuple(axes[1].items()), f"the window of {keyword}")
        for field in type(settled.layer).model_fields:
            if field in axes[1]:
                continue
            self.same(getattr(written.layer, field), getattr(settled.layer, field), f"{field} of {keyword}")
        weights = written.layer.weights(written.input), settled.layer.weights(settled.input)
        self.same(tuple(weights[0].items()), tuple(weights[1].items()), f"the weights of {keyword}")

    def merge(self, written: Merge, settled: Merge) -> None:
        self.same(written.shortcut, settled.shortcut, "a merge")
        self.same(written.agrees, settled.agrees, "whether a shortcut agrees")
        if written.shortcut != "project" or settled.agrees is False:
            self.same(len(written.branches), len(settled.branches), "the branches of a merge")
        for mine, theirs in zip(written.branches, settled.branches, strict=False):
            self.chain(mine, theirs)

    def chain(self, written: Chain, settled: Chain) -> None:
        mine, theirs = list(self.members(written.members)), list(self.members(settled.members))
        if len(mine) != len(theirs):
            raise WrongClass(f"a class has {len(mine)} members where the network has {len(theirs)}")
        for one, other in zip(mine, theirs, strict=True):
            if isinstance(one.node, Repeat) and isinstance(other.node, Repeat):
                self.repeat(one.node, other.node)
            else:
                self.inner(one.node, other.node)
            self.marks |= zip(one.marks, other.marks, strict=True)

    def members(self, members: Iterable[Member]) -> Iterator[Member]:
        """The members that are there in this call: of a choice one side, no repeat of no turns."""
        for member in members:
            node = member.node
            if isinstance(node, Choice):
                yield from self.members((node.then if self.value(node.condition) else node.otherwise).members)
            elif not (isinstance(node, Repeat) and self.value(node.count) == 0):
                yield member

    def repeat(self, written: Repeat, settled: Repeat) -> None:
        """The runs of both, side by side as far as both are the same; a run stands for all its turns."""
        self.same(written.count, settled.count, "a repeat")
        mine, theirs = self.turns(written), self.turns(settled)
        (times, chain, row), (others, other, _) = next(mine), next(theirs)
        while True:
            outer, self.row = self.row, row
            try:
                self.chain(chain, other)
            finally:
                self.row = outer
            step = min(times, others)
            times, others = times - step, others - step
            if times == 0:
                following = next(mine, None)
                if following is None:
                    break
                times, chain, row = following
            if others == 0:
                others, other, _ = next(theirs)

    def turns(self, node: Repeat) -> Iterator[Turn]:
        for run in node.runs:
            count = self.value(run.count)
            if run.turn is None:
                if count:
                    yield count, run.node, self.row
                continue
            for turn in range(count):
                yield 1, run.node, {**self.row, run.turn: turn}
