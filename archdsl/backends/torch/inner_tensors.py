"""Tensors from inside a container, for `@features.pool3`: an `nn.Sequential` is run module by module."""

from __future__ import annotations

from collections.abc import Iterable

from archdsl.diagnostics import ArchError, Diagnostic, Span
from archdsl.ir.nodes import Chain, Choice, Member, Node, Repeat
from archdsl.symbolic import Expr, NeedsValue


class HiddenLabel(Diagnostic):
    """A reference to a tensor inside a module that runs as one piece, so that no source can get at it."""

    code = "hidden-label"
    bad = "arch net\ninput 8x4x4\nf: [g: [a: conv3-8 relu] relu]\nconcat<@f.g.a | identity>\n"
    mended = "arch net\ninput 8x4x4\nf: [a: conv3-8 relu]\nconcat<@f.a | identity>\n"


def cut_points(node: Node, marks: Iterable[str], place: Span) -> list[tuple[int, str]]:
    """Behind how many modules of a container each label's tensor is, in the order of the modules.

    A mark is the label's name inside the container. Raises ArchError for a label that lies deeper,
    or in what is no plain sequence.
    """
    wanted = set(marks)
    found: list[tuple[int, str]] = []
    position = 0
    if isinstance(node, Chain):
        for member in node.members:
            position += width(member)
            found += [(position, mark) for mark in member.marks if mark in wanted]
    missing = wanted - {mark for _, mark in found}
    if missing:
        hidden(missing.pop(), place)
    return found


def hidden(mark: str, place: Span) -> None:
    """Raise for a label that can't be reached."""
    raise ArchError(
        HiddenLabel(
            place,
            f"the tensor of `{mark}` can't be reached from outside",
            "it is made in here, which runs as one module",
            helps=["only labels right inside a labelled group of plain layers and blocks can be reached with a dot"],
        )
    )


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
