"""The part of a source line that is shown, cut around the places that matter when the line is long."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from archdsl.diagnostics.columns import columns, shown

LIMIT = 160
CUT = "…"


class Excerpt:
    """A source line as shown, which knows the columns of each stretch of it.

    Stretches are half-open pairs of indices into the line. All of them are kept in view if they fit
    into the limit together, and otherwise the first, whose beginning is always kept.
    """

    def __init__(self, line: str, stretches: Sequence[tuple[int, int]]) -> None:
        whole = (min(start for start, _ in stretches), max(end for _, end in stretches))
        self._first, self._last = _window(line, *whole)
        if self._last < whole[1]:
            self._first, self._last = _window(line, *stretches[0])
        self._cut = self._last < len(line)

        pieces = [CUT] if self._first else []
        column = len(pieces)
        self._starts: list[int] = []
        self._ends: list[int] = []
        for character in line[self._first : self._last]:
            width = columns(character)
            self._starts.append(self._starts[-1] if width == 0 and self._starts else column)
            column += width
            self._ends.append(column)
            pieces.append(shown(character))
        self._edge = column
        self.text = "".join(pieces) + (CUT if self._cut else "")

    def stretch(self, start: int, end: int) -> tuple[int, int]:
        """The columns to underline, at least one; what was cut away is underlined at the cut."""
        if start < self._first:
            left = 0
        elif start < self._last:
            left = self._starts[start - self._first]
        else:
            left = self._edge

        if end <= self._first:
            right = 0
        elif end <= self._last:
            right = self._ends[end - 1 - self._first]
        else:
            right = self._edge + self._cut
        return left, max(right, left + 1)


def _window(line: str, start: int, end: int) -> tuple[int, int]:
    """The characters to show: the stretch as far as it fits, then as much of both sides as there is room for."""
    last, room = start, LIMIT
    taken, room = _fitting(line[last : min(end, last + LIMIT)], room)
    last += taken
    half = room // 2
    first, left = start, half
    taken, left = _fitting(reversed(line[max(0, first - LIMIT) : first]), left)
    first -= taken
    taken, room = _fitting(line[last : last + LIMIT], room - half + left)
    last += taken
    taken, _ = _fitting(reversed(line[max(0, first - LIMIT) : first]), room)
    return first - taken, last


def _fitting(characters: Iterable[str], room: int) -> tuple[int, int]:
    """How many characters fit into the room, and the room they leave; a combining character counts as one."""
    count = 0
    for character in characters:
        cost = max(1, columns(character))
        if cost > room:
            break
        room -= cost
        count += 1
    return count, room
