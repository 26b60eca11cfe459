"""The rows below a source line: underlines, and the texts that belong to them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Literal

from archdsl.record import record

Role = Literal["", "error", "warning", "primary", "secondary", "gutter", "message"]
Run = tuple[Role, str]


@record
class Mark:
    """An underlined stretch of a shown line, in columns, with a text that is safe to print."""

    start: int
    end: int
    text: str
    primary: bool

    @property
    def role(self) -> Role:
        """What the underline and its text are painted as."""
        return "primary" if self.primary else "secondary"


def underline(marks: Sequence[Mark]) -> list[list[Run]]:
    """The rows below a line. The last underline has its text beside it, the others have theirs on stems below::

    -------- ^^^^^^^ arrives here
    |
    starts here
    """
    beside = max(marks, key=lambda mark: (mark.end, mark.start, mark.primary))
    hanging = [mark for mark in marks if mark is not beside and mark.text]
    hanging.sort(key=lambda mark: (-mark.start, not mark.primary))

    strokes: dict[int, Run] = {}
    for mark in sorted(marks, key=lambda mark: mark.primary):
        stroke: Run = (mark.role, "^" if mark.primary else "-")
        strokes.update((column, stroke) for column in range(mark.start, mark.end))
    rows = [_drawn(strokes, beside.end)]
    if beside.text:
        rows[0].append((beside.role, f" {beside.text}"))
    if hanging:
        rows.append(_stems(hanging, hanging[0].start + 1))
    for mark in hanging:
        rows.append([*_stems(hanging, mark.start), (mark.role, mark.text)])
    return rows


def _stems(marks: Sequence[Mark], width: int) -> list[Run]:
    """A row of stems, as far as `width`; of two marks in one column the primary gives the role."""
    return _drawn({mark.start: (mark.role, "|") for mark in reversed(marks)}, width)


def _drawn(strokes: dict[int, Run], width: int) -> list[Run]:
    """A row of single columns as runs of equal role."""
    blank: Run = ("", " ")
    cells = [strokes.get(column, blank) for column in range(width)]
    return [(role, "".join(stroke for _, stroke in run)) for role, run in groupby(cells, key=lambda cell: cell[0])]
