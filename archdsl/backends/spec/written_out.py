"""A network written out: no blocks, no repeats, every number settled, and each weight called what it was."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from archdsl.backends.spec.labels import Labels, can_be_referred_to
from archdsl.backends.spec.layers import said_of
from archdsl.backends.spec.text import of_label, plain
from archdsl.elaborate.bias import starts_with_norm
from archdsl.ir.marks import Mark
from archdsl.ir.named import Named, NamedRun
from archdsl.ir.names import Kind, branches, has_state, is_open, names, style
from archdsl.ir.nodes import Architecture, Aux, Call, Chain, LayerNode, Member, Merge, Node, Reference, Repeat, at, text
from archdsl.shape import Dim
from archdsl.symbolic import Expr


class WrittenOut:
    """Writes the statements of a network one by one. `afford` is told how long the text has become."""

    def __init__(self, network: Architecture, afford: Callable[[int], None] = lambda length: None) -> None:
        self.network = network
        self.labels = Labels(network)
        self.afford = afford
        self.length = 0

    def lines(self) -> Iterator[str]:
        """The statements of the network."""
        body = self.network.body
        yield from self.members(names(body, style(body, "top")), {}, "top", False)

    def members(self, members: Sequence[Named], values: dict[str, Dim], kind: Kind, numbered: bool) -> Iterator[str]:
        """The members of a container; `numbered` says that those without a label go by their position."""
        for place, each in enumerate(members):
            member, node = each.member, each.node
            rest = [following.member for following in members[place + 1 :]]
            marks = self.labels.wanted(member)
            if isinstance(node, Repeat):
                yield from self.repeat(node, each.runs, values, kind, numbered)
                said = ""
            elif isinstance(node, Aux):
                said = text(member.label or ())
                yield f"aux {said} from @{self.labels.spelled(node.target)} {self.alone(node.body, ())}"
            elif each.name is None:
                assert isinstance(node, Merge)
                yield from self.merge(node, each.sides, values)
                said = ""
            else:
                named = member.label is not None or self.shifted or (not numbered and (self.crowded or has_state(node)))
                said = text(at(each.name, **values)) if named else ""
                if marks and not said and not has_state(node):
                    said = self.labels.new(marks[0], member)
                aliased = bool(marks) and not self.can_be_referred_to(said, marks)
                yield self.counted(
                    f"{plain(of_label(said) if said else ())}{self.node(node, () if aliased else rest, said != '')}"
                )
            if marks and self.can_be_referred_to(said, marks):
                self.labels.called |= dict.fromkeys(marks, said)
            elif marks:
                # What can't go by a label of its own is handed on by one that can, which takes a number.
                alias = self.labels.new(marks[0], member)
                self.labels.called |= dict.fromkeys(marks, alias)
                yield f"{alias}: identity"
                self.shifted = self.shifted or numbered

    def can_be_referred_to(self, said: str, marks: Sequence[Mark]) -> bool:
        """Whether a label is one that `@label` means wherever it is written."""
        return can_be_referred_to(said) and not any(map(self.labels.is_hidden, marks))

    def counted(self, line: str) -> str:
        """A piece of the text, counted."""
        self.length += len(line) + 1
        self.afford(self.length)
        return line

    def repeat(
        self, node: Repeat, runs: Sequence[NamedRun], values: dict[str, Dim], kind: Kind, numbered: bool
    ) -> Iterator[str]:
        for run in runs:
            assert isinstance(run.run.count, int)
            for number in range(run.run.count) if run.members else ():
                yield from self.members(run.members, {**values, **run.values(node, number)}, kind, numbered)

    def node(self, node: Node, rest: Sequence[Member], labelled: bool) -> str:
        match node:
            case LayerNode():
                return said_of(node.layer, starts_with_norm(list(rest))).written
            case Call():
                return self.container(node.body, "block", labelled)
            case Chain():
                return self.container(node, "group", labelled)
            case Reference():
                return f"@{self.labels.spelled(node.target)}"
            case Merge():
                return " ".join(self.merge(node, branches(node), {}, not is_open(node)))
        raise AssertionError(f"a settled network has no {type(node).__name__}")

    def alone(self, node: Node, rest: Sequence[Member]) -> str:
        """What makes an auxiliary output, which needs no second pair of brackets to be a container."""
        return self.node(node, rest, labelled=True)

    def container(self, chain: Chain, kind: Kind, labelled: bool) -> str:
        """A group that is a module of its own: with a label, or as a group inside another."""
        chosen = style(chain, kind)
        members = names(chain, chosen)
        before = self.outside, self.shifted, self.crowded
        self.outside, self.shifted, self.crowded = False, False, any(map(_has_number, members))
        try:
            inner = " ".join(self.members(members, {}, kind, chosen == "numbered"))
        finally:
            self.outside, self.shifted, self.crowded = before
        return f"[[{inner}]]" if self.outside and not labelled else f"[{inner}]"

    outside = True
    """Whether a group without a label would be spliced here, as at the top and in a branch."""

    crowded = False
    """Whether a label in the container at hand is a number, so that no member may be called by its position."""

    shifted = False
    """Whether a label was added in the container or branch at hand, so that places no longer are the names."""

    def merge(
        self, node: Merge, sides: Sequence[Sequence[Named]], values: dict[str, Dim], numbered: bool = False
    ) -> Iterator[str]:
        """A merge: its labels belong to the container around it, or its branches are modules and `numbered`."""
        yield from self.joined(node, [self.branch(side, values, numbered) for side in sides])

    def branch(self, members: Sequence[Named], values: dict[str, Dim], numbered: bool) -> str:
        outer, shifted = self.outside, self.shifted
        self.outside, self.shifted = True, False if numbered else shifted
        try:
            # A branch without layers, as an `if` may leave it, is said in a word.
            return " ".join(self.members(members, values, "group", numbered)) or "identity"
        finally:
            self.outside, self.shifted = outer, shifted

    def joined(self, node: Merge, branches: list[str]) -> Iterator[str]:
        if node.is_left_out:
            # Nothing is added, and a group in its place would have other names inside.
            branches = [*branches, "optional"]
        arguments = node.join.written.removeprefix(node.kind)
        yield f"{node.kind}<{' | '.join(branches)}>{arguments}"


def _has_number(each: Named) -> bool:
    """Whether a member, or one of a repeat's turns, has a number for its label."""
    label = each.member.label
    if label is not None and all(isinstance(piece, Expr) or str(piece).isdigit() for piece in label):
        return True
    return any(_has_number(inner) for run in each.runs for inner in run.members)
