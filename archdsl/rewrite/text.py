"""Changes of a text by stretches of it, after which every place of the new text still says where it came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import TypeAlias

from archdsl.diagnostics import Span
from archdsl.record import record


@record
class Turned:
    """What a piece of text has turned into: its beginning counts as the old piece's."""

    old: Span
    text: str


Part: TypeAlias = "str | Span | Turned"
"""New text, old text kept, or old text turned into another."""


@record
class Change:
    """A stretch of a text and what stands there instead; an empty stretch is an insertion."""

    span: Span
    parts: tuple[Part, ...] = ()


class Changed:
    """A changed text that knows the origin of its places."""

    def __init__(self, text: str, starts: list[int], origins: list[tuple[int | None, bool]]) -> None:
        self.text = text
        self._starts = starts
        self._origins = origins

    def origin(self, position: int) -> int | None:
        """Where in the old text that stood which begins at a position of this one, or None for what is new."""
        place = bisect_right(self._starts, position) - 1
        origin, runs_on = self._origins[place]
        if origin is None:
            return None
        offset = position - self._starts[place]
        return origin + offset if runs_on or offset == 0 else None


def changed(text: str, changes: Iterable[Change]) -> Changed:
    """The text with changes made. One inside of another's stretch goes with that; a line left empty goes too."""
    pieces: list[tuple[str, int | None, bool]] = []
    end = 0
    for change in _together(text, _outermost(changes)):
        start, stop = change.span.start, change.span.end
        if not change.parts:
            start, stop = _whole_line(text, start, stop, end)
        if start > end:
            pieces.append((text[end:start], end, True))
        pieces += map(_piece, change.parts)
        end = max(end, stop)
    pieces.append((text[end:], end, True))
    starts: list[int] = []
    length = 0
    for piece, _, _ in pieces:
        starts.append(length)
        length += len(piece)
    return Changed("".join(piece for piece, _, _ in pieces), starts, [(origin, on) for _, origin, on in pieces])


def _piece(part: Part) -> tuple[str, int | None, bool]:
    if isinstance(part, str):
        return part, None, False
    if isinstance(part, Turned):
        return part.text, part.old.start, False
    return part.text, part.start, True


def _outermost(changes: Iterable[Change]) -> list[Change]:
    found: list[Change] = []
    for change in sorted(changes, key=lambda each: (each.span.start, each.span.end > each.span.start, -each.span.end)):
        if not found or change.span.start >= found[-1].span.end:
            found.append(change)
    return found


def _together(text: str, changes: list[Change]) -> list[Change]:
    """Neighbours on a line that both go as one stretch, so that the line goes if it holds nothing else."""
    found: list[Change] = []
    for change in changes:
        before = found[-1] if found else None
        if before is not None and not before.parts and not change.parts:
            between = text[before.span.end : change.span.start]
            if not between.strip(" \t"):
                found[-1] = Change(Span(change.span.source, before.span.start, change.span.end))
                continue
        found.append(change)
    return found


def _whole_line(text: str, start: int, stop: int, since: int) -> tuple[int, int]:
    """A stretch that is taken out, with the whole of its lines where nothing else stands on them."""
    begin = text.rfind("\n", 0, start) + 1
    close = text.find("\n", stop)
    close = len(text) if close < 0 else close
    if begin < since or text[begin:start].strip() or text[stop:close].strip():
        return start, stop
    return begin, min(close + 1, len(text))
