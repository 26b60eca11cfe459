"""Which remedies are offered: those that were tried, and mend what they say they do.

A rule that proposes an edit sees a token or a head, and may be wrong about the rest. So the edit is made, the mended
text is checked as a whole, and what is said of it then decides: the mistake has to be gone, the others have to be what
they were, and nothing may be new. Remedies are tried together, and by halves where that won't do, so that hundreds of
them cost little more than one; the number of tries is bounded, and what could not be tried isn't offered.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Literal, TypeAlias

from archdsl.diagnostics import Diagnostic, Edit, Remedy, Source, Span
from archdsl.record import record

AT_MOST = 32
"""Mended texts that are checked for one text."""
_CHARACTERS = 1_000_000
"""Characters of mended texts that are checked for one text, four texts at least."""

Stage = Literal["text", "items", "built"]
"""Whether a text isn't in the language, its items are not those of a spec, or it was tried to build it."""

Said: TypeAlias = "tuple[str, str, int, str]"
"""What tells one mistake from others: its code, file, place and message."""


@record
class Found:
    """What is said of a text, and what of that the text shows by itself, whatever is built of it."""

    diagnostics: tuple[Diagnostic, ...]
    by_itself: frozenset[tuple[str, str]] = frozenset()
    """Codes and places."""
    stage: Stage = "built"
    """How far the text got: what lies behind could not be looked at."""


def offer(source: Source, found: Found, check: Callable[[Source], Found]) -> None:
    """Give each diagnostic of a text the fixes that mend it; `check` says what is wrong with another text."""
    mendable = [(each, each.remedies[0]) for each in found.diagnostics if _is_within(each, source)]
    if mendable:
        _Tries(source, found, check).all(mendable)


def edited(text: str, edits: Iterable[Edit]) -> str:
    """A text with edits made to it, which don't overlap."""
    parts: list[str] = []
    end = 0
    for edit in sorted(edits, key=lambda edit: edit.span.start):
        parts += [text[end : edit.span.start], edit.replacement]
        end = edit.span.end
    return "".join([*parts, text[end:]])


def _is_within(diagnostic: Diagnostic, source: Source) -> bool:
    """Whether all that could mend a mistake stands in one text."""
    edits = [edit for remedy in diagnostic.remedies for edit in remedy.edits]
    return bool(edits) and all(edit.span.source is source for edit in edits)


_Pair: TypeAlias = "tuple[Diagnostic, Remedy]"


class _Tries:
    """The tries for one text."""

    def __init__(self, source: Source, found: Found, check: Callable[[Source], Found]) -> None:
        self.source = source
        self.found = found
        self.check = check
        self.left = min(AT_MOST, max(4, _CHARACTERS // max(1, len(source.text))))

    def all(self, pairs: Sequence[_Pair]) -> None:
        """Offer what mends: those whose places lie apart together, those that overlap with them afterwards."""
        apart: list[_Pair] = []
        rest: list[_Pair] = []
        end = -1
        for pair in sorted(pairs, key=lambda pair: min(edit.span.start for edit in pair[1].edits)):
            spans = [edit.span for edit in pair[1].edits]
            if min(span.start for span in spans) > end:
                apart.append(pair)
                end = max(span.end for span in spans)
            else:
                rest.append(pair)
        self.halves(apart)
        for pair in rest:
            self.halves([pair])

    def halves(self, pairs: Sequence[_Pair]) -> None:
        if self.mend(pairs):
            for diagnostic, remedy in pairs:
                diagnostic.fixes = remedy.edits
                if remedy.help:
                    diagnostic.helps = (remedy.help,)
        elif len(pairs) > 1:
            middle = len(pairs) // 2
            self.halves(pairs[:middle])
            self.halves(pairs[middle:])
        elif pairs:
            ((diagnostic, remedy),) = pairs
            others = diagnostic.remedies[diagnostic.remedies.index(remedy) + 1 :]
            if others:
                self.halves([(diagnostic, others[0])])

    def mend(self, pairs: Sequence[_Pair]) -> bool:
        """Whether remedies mend what they are for, and nothing else changes."""
        if self.left <= 0 or not pairs:
            return False
        self.left -= 1
        edits = [edit for _, remedy in pairs for edit in remedy.edits]
        mended = Source(self.source.name, edited(self.source.text, edits))
        after = self.check(mended)
        moved = _Moved(self.source, mended, edits)
        aimed = {id(diagnostic) for diagnostic, _ in pairs}
        kept = Counter(moved.said(each) for each in self.found.diagnostics if id(each) not in aimed)
        new: list[Diagnostic] = []
        for each in after.diagnostics:
            said = _said(each)
            if kept[said]:
                kept[said] -= 1
            else:
                new.append(each)
        is_safe = all(remedy.is_safe for _, remedy in pairs)
        return not +kept and all(self.was_hidden(each, after, moved, is_safe) for each in new)

    def was_hidden(self, new: Diagnostic, after: Found, moved: _Moved, is_safe: bool) -> bool:
        """Whether a mistake that wasn't said before was there, and could not be seen for another.

        A text that can't be read shows nothing else of what is wrong. What stands elsewhere and is wrong by itself
        was there. Of all that building shows nobody can tell: where an edit has one meaning it was there,
        where it is a guess it speaks against the guess.
        """
        if new.at is None or moved.is_touched(new.at):
            return False
        if after.stage != "built":
            return False
        return is_safe or (self.found.stage == "text" and (new.code, repr(new.at)) in after.by_itself)


class _Moved:
    """Where the places of a text are once edits are made to it."""

    def __init__(self, source: Source, mended: Source, edits: Sequence[Edit]) -> None:
        self.source = source
        self.mended = mended
        ordered = sorted(edits, key=lambda edit: edit.span.start)
        self.starts = [edit.span.start for edit in ordered]
        grown = (len(edit.replacement) - (edit.span.end - edit.span.start) for edit in ordered)
        self.shifts = [0, *accumulate(grown)]
        self.lines = {
            line
            for edit, shift in zip(ordered, self.shifts, strict=False)
            for line in self._lines(edit.span.start + shift, edit.span.start + shift + len(edit.replacement))
        }

    def _lines(self, start: int, end: int) -> range:
        return range(self.mended.position(start)[0], self.mended.position(end)[0] + 1)

    def said(self, diagnostic: Diagnostic) -> Said:
        """What a mistake of the text is called in the mended one."""
        at = diagnostic.at
        if at is None or at.source.name != self.source.name:
            return _said(diagnostic)
        shift = self.shifts[bisect_right(self.starts, at.start)]
        # What begins where an edit begins stays there.
        if at.start in self.starts:
            shift = self.shifts[self.starts.index(at.start)]
        return diagnostic.code, at.source.name, at.start + shift, diagnostic.message

    def is_touched(self, span: Span) -> bool:
        """Whether a place of the mended text lies on a line that was edited."""
        if span.source is not self.mended:
            return False
        return any(line in self.lines for line in self._lines(span.start, span.end))


def _said(diagnostic: Diagnostic) -> Said:
    at = diagnostic.at
    return diagnostic.code, at.source.name if at else "", at.start if at else -1, diagnostic.message
