"""No two members of a container under one name, however repeats and merges spread labels and positions number them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from archdsl.diagnostics import ArchError, Span
from archdsl.elaborate.labels import LabelTwice
from archdsl.ir.names import Kind, style
from archdsl.ir.nodes import Chain, Member, Merge, Name, Node, Reference, Repeat, at, text
from archdsl.once import once
from archdsl.shape import Dim
from archdsl.symbolic import Expr, Symbol

Spend = Callable[[Span, int], None]
"""Counts steps of work, and raises ArchError where they are too many."""


def check_names(chain: Chain, kind: Kind, spend: Spend) -> None:
    """Raise ArchError if two members of a container go by the same name."""
    check_labels(chain.members, spend)
    if style(chain, kind) == "numbered":
        _check_numbers(chain.members, spend)


def check_labels(members: Iterable[Member], spend: Spend) -> None:
    """Raise ArchError if two members of a container have the same label.

    Labels by one formula that gives each turn its own are not written out, so that a million of them cost nothing;
    those that might meet another are.
    """
    found = list(_labels(members, ()))
    groups: dict[str, list[_Labels]] = defaultdict(list)
    for each in found:
        groups[each.shape].append(each)
    for group in groups.values():
        if len(group) == 1 and group[0].differ:
            continue
        seen: set[str] = set()
        for each in group:
            for name in each.names(spend):
                if name in seen:
                    raise ArchError(_twice(each.node.span, name))
                seen.add(name)


def _twice(span: Span, name: str) -> LabelTwice:
    return LabelTwice(
        span,
        f"the label `{name}` is given twice",
        "the second of that name",
        helps=["give each its own name; in a repeat, say with its index: `x3 as i` makes `name{i}` three names"],
    )


Around = tuple[tuple[str | None, int, int], ...]
"""The repeats around a label: the index, the first turn and how many turns, the outermost first."""


class _Labels:
    """A label with the repeats around it: one name a turn."""

    def __init__(self, label: Name, node: Node, around: Around) -> None:
        self.label = label
        self.node = node
        self.around = tuple(each for each in around if each[2] != 1 or each[0] is not None)
        settled = "".join("0" if isinstance(piece, Expr) else str(piece) for piece in label)
        self.shape = re.sub("-?[0-9]+", "#", settled)

    @property
    def differ(self) -> bool:
        """Whether every turn is sure to have a name of its own: each repeat around has a number that grows with it."""
        many = {index for index, _, count in self.around if count > 1}
        alone = {_grows_with(piece) for piece in self.label if isinstance(piece, Expr)}
        apart = all(
            not (isinstance(one, Expr) and isinstance(other, Expr)) and not _meets(one, other)
            for one, other in zip(self.label, self.label[1:], strict=False)
        )
        return None not in many and many <= alone and apart

    def names(self, spend: Spend) -> Iterator[str]:
        """The name in each turn."""
        yield from self._names(self.around, {}, spend)

    def _names(self, around: Around, values: Mapping[str, Dim], spend: Spend) -> Iterator[str]:
        if not around:
            spend(self.node.span, 1)
            yield text(at(self.label, **values))
            return
        (index, first, count), *rest = around
        for turn in range(first, first + count):
            yield from self._names(tuple(rest), values if index is None else {**values, index: turn}, spend)


def _grows_with(piece: Expr) -> str | None:
    """The index that a number is a multiple of, and a constant; None for any other formula."""
    atoms = {atom for monomial in piece.terms for atom in monomial}
    straight = all(len(monomial) <= 1 for monomial in piece.terms)
    (only, *others) = [*atoms, None]
    return only.name if straight and isinstance(only, Symbol) and others == [None] else None


def _meets(one: object, other: object) -> bool:
    """Whether a digit stands right beside a number that depends on the turn."""
    if isinstance(one, Expr):
        return str(other)[:1].isdigit()
    return isinstance(other, Expr) and str(one)[-1:] in "-0123456789"


def _labels(members: Iterable[Member], around: Around) -> Iterator[_Labels]:
    for member in members:
        node = member.node
        if member.label is not None:
            yield _Labels(member.label, node, around)
        elif isinstance(node, Reference):
            # It is no module; what is meant by the label has to be plain all the same.
            yield from (_Labels((mark.label,), node, around) for mark in member.marks)
        elif not _has_labels(node):
            continue
        elif isinstance(node, Merge):
            for branch in node.branches:
                yield from _labels(branch.members, around)
        elif isinstance(node, Repeat):
            start = 0
            for run in node.runs:
                assert isinstance(run.count, int)
                yield from _labels(run.node.members, (*around, (node.index, start, run.count)))
                start += run.count


@once
def _has_labels(node: Node) -> bool:
    """Whether a repeat or merge holds labels that belong to the container around it."""
    if not isinstance(node, (Merge, Repeat)):
        return False
    for part in node.parts:
        assert isinstance(part, Chain)
        for member in part.members:
            if member.label is not None or _has_labels(member.node):
                return True
            if isinstance(member.node, Reference) and member.marks:
                return True
    return False


# Numbers


def _check_numbers(members: tuple[Member, ...], spend: Spend) -> None:
    """Raise ArchError for a label that is the number of another member's position."""
    for position, label, node in _numbered(members, 0, {}, spend):
        if label.isdigit() and str(int(label)) == label and int(label) != position:
            other = _at(members, int(label))
            if other is not None and other.label is None:
                raise ArchError(
                    LabelTwice(
                        node.span,
                        f"the label `{label}` is the name of another member here, by its position",
                        f"this is number {position}, counted from 0",
                        notes=["what has no label goes by its position among all members of its container"],
                        helps=["choose another label, or give the other member one too"],
                    )
                )


def _numbered(
    members: Iterable[Member], position: int, values: Mapping[str, Dim], spend: Spend
) -> Iterator[tuple[int, str, Node]]:
    """The labels that are nothing but a number, each with the position of its member."""
    for member in members:
        node = member.node
        if isinstance(node, Repeat):
            start = 0
            for run in node.runs:
                assert isinstance(run.count, int)
                width = _width(run.node)
                if _has_numbers(run.node):
                    for turn in range(run.count):
                        inside = values if node.index is None else {**values, node.index: start + turn}
                        yield from _numbered(run.node.members, position + turn * width, inside, spend)
                position += run.count * width
                start += run.count
            continue
        if member.label is not None:
            spend(node.span, 1)
            yield position, text(at(member.label, **values)), node
        position += 1


@once
def _has_numbers(chain: Chain) -> bool:
    """Whether a member of a turn may have a number for a label."""
    return any(
        any(map(_has_numbers, member.node.parts))  # type: ignore[arg-type]
        if isinstance(member.node, Repeat)
        else member.label is not None and all(isinstance(each, Expr) or str(each).isdigit() for each in member.label)
        for member in chain.members
    )


@once
def _width(chain: Chain) -> int:
    """How many positions the members of a turn take."""
    return sum(_taken(member) for member in chain.members)


def _taken(member: Member) -> int:
    if not isinstance(member.node, Repeat):
        return 1
    return sum(run.count * _width(run.node) for run in member.node.runs)  # type: ignore[misc]


def _at(members: Iterable[Member], position: int) -> Member | None:
    """The member at a position; None behind the last."""
    for member in members:
        taken = _taken(member)
        if position >= taken:
            position -= taken
        elif isinstance(member.node, Repeat):
            for run in member.node.runs:
                assert isinstance(run.count, int)
                width = _width(run.node)
                if position < run.count * width:
                    return _at(run.node.members, position % width)
                position -= run.count * width
        else:
            return member
    return None
