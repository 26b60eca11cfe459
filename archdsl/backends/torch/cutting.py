"""Where a plain sequence is cut, to get at the tensors of labels inside it."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.ir.nodes import Chain, Choice, Member, Node, Repeat
from archdsl.symbolic import Expr, NeedsValue


def cut_points(node: Node, words: Iterable[str]) -> list[tuple[int, str]] | None:
    """Behind how many modules of a container each label's tensor is, in the order of the modules.

    None for a label that isn't right inside the container, or in what is no plain sequence.
    """
    wanted = set(words)
    found: list[tuple[int, str]] = []
    if isinstance(node, Chain):
        _cut(node.members, wanted, 0, found)
    return found if wanted == {word for _, word in found} else None


def _cut(members: Iterable[Member], wanted: set[str], position: int, found: list[tuple[int, str]]) -> int:
    for member in members:
        if isinstance(member.node, Repeat):
            for run in member.node.runs:
                if run.count == 1 and run.turn is None:
                    position = _cut(run.node.members, wanted, position, found)
                elif isinstance(run.count, Expr):
                    raise NeedsValue(run.count)
                else:
                    position += run.count * sum(width(each) for each in run.node.members)
        else:
            position += width(member)
        found += [(position, mark.label) for mark in member.marks if mark.label in wanted]
    return position


def width(member: Member) -> int:
    """How many modules a member is in an `nn.Sequential`."""
    node = member.node
    if isinstance(node, Choice):
        raise NeedsValue(node.condition)
    if not isinstance(node, Repeat):
        return 1
    total = 0
    for run in node.runs:
        if isinstance(run.count, Expr):
            raise NeedsValue(run.count)
        total += run.count * sum(width(each) for each in run.node.members)
    return total
