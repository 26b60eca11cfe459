"""Which remedies are offered: those that were tried, and mend what they say they do.

A rule that proposes an edit sees a token or a head, and may be wrong about the rest. So the edit is made, the mended
text is checked as a whole, and what is said of it then decides: the mistake has to be gone, the others have to be what
they were, and nothing may be new. Many remedies are tried together, and by halves where that won't do, so that hundreds
of them cost little more than one; the number of tries is bounded, and what could not be tried isn't offered.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate
from typing import Literal, TypeAlias

from archdsl.diagnostics import Diagnostic, Edit, Remedy, Source, Span
from archdsl.record import record

AT_MOST = 32
"""Mended texts that are checked for one text."""
_FEW = 6
"""Remedies that are tried one by one: two together may hide that one alone changes what is said of the other."""
_CHARACTERS = 1_000_000
"""Characters of mended texts that are checked for one text, four texts at least."""
_NETWORKS = 100
"""Networks that are built for one text, those of a dozen texts at least."""

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
    networks: int = 1
    """How many it may be built into."""


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
        self.left = min(
            AT_MOST,
            max(4, _CHARACTERS // max(1, len(source.text))),
            max(12, _NETWORKS // max(1, found.networks)),
        )

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
        """Offer what mends of remedies that don't overlap; the next ones of a mistake where the first don't."""
        if 1 < len(pairs) <= _FEW:
            for pair in pairs:
                self.halves([pair])
            return
        suspects = self.suspects(pairs)
        if not suspects:
            for diagnostic, remedy in pairs:
                diagnostic.fixes = remedy.edits
                if remedy.help:
                    diagnostic.helps = (remedy.help,)
        elif len(suspects) < len(pairs):
            blamed = {id(diagnostic) for diagnostic, _ in suspects}
            self.halves([pair for pair in pairs if id(pair[0]) not in blamed])
            self.others(suspects)
        elif len(pairs) > 1 and self.left > 0:
            middle = len(pairs) // 2
            self.halves(pairs[:middle])
            self.halves(pairs[middle:])
        else:
            self.others(pairs)

    def others(self, pairs: Sequence[_Pair]) -> None:
        """Go on to the next remedies of mistakes."""
        following = [
            (diagnostic, diagnostic.remedies[diagnostic.remedies.index(remedy) + 1])
            for diagnostic, remedy in pairs
            if diagnostic.remedies[-1] is not remedy
        ]
        if following and self.left > 0:
            self.halves(following)

    def suspects(self, pairs: Sequence[_Pair]) -> Sequence[_Pair]:
        """Those of several remedies that don't mend what they are for, as far as that can be told; all where it can't.

        Made together, they have to leave what is said of the rest of the text as it is.
        """
        if self.left <= 0:
            return pairs
        mended, after = self.made([remedy for _, remedy in pairs])
        aimed = {id(diagnostic) for diagnostic, _ in pairs}
        kept = Counter(mended.said(each) for each in self.found.diagnostics if id(each) not in aimed)
        new: list[Diagnostic] = []
        for each in after.diagnostics:
            said = _said(each)
            if kept[said]:
                kept[said] -= 1
            else:
                new.append(each)
        if +kept or (new and not self.were_hidden(new, after, mended, pairs)):
            return mended.touched(pairs, new) or pairs
        if after.stage == "text":
            # What can't be read yet could not be looked at: it is, once all the rest is mended or passed over.
            mended, after = self.made([remedy for _, remedy in pairs], self.passing(pairs))
            if after.stage == "text":
                return pairs
            return mended.touched(pairs, after.diagnostics)
        return ()

    def made(self, remedies: Iterable[Remedy], more: Iterable[Edit] = ()) -> tuple[_Mended, Found]:
        """The text with remedies and other edits made to it, and what is said of it."""
        self.left -= 1
        mended = _Mended(self.source, [*(edit for remedy in remedies for edit in remedy.edits), *more])
        return mended, self.check(mended.source)

    def passing(self, pairs: Sequence[_Pair]) -> list[Edit]:
        """Edits that let the text be read where others are wrong: what may mend those, or their lines left out."""
        aimed = {id(diagnostic) for diagnostic, _ in pairs}
        taken = [(edit.span.start, edit.span.end) for _, remedy in pairs for edit in remedy.edits]
        found: list[Edit] = []
        for each in self.found.diagnostics:
            if id(each) in aimed or each.at is None or each.at.source is not self.source:
                continue
            line = self.source.text.rfind("\n", 0, each.at.start) + 1
            whole = Edit(self.source.span(line, line + len(self.source.line(each.at.line))), "")
            edits = each.remedies[0].edits if _is_within(each, self.source) else (whole,)
            if not any(edit.span.start <= end and start <= edit.span.end for edit in edits for start, end in taken):
                found += edits
                taken += [(edit.span.start, edit.span.end) for edit in edits]
        return found

    def were_hidden(self, new: Iterable[Diagnostic], after: Found, mended: _Mended, pairs: Sequence[_Pair]) -> bool:
        """Whether what wasn't said before was there, and could not be seen for another mistake.

        Anything new speaks against a guess. An edit that has one meaning isn't to blame for what stands elsewhere:
        a text that can't be read shows nothing else of what is wrong, and none with a mistake is warned of. That is so
        where it is wrong by itself, unless it speaks of a name on lines that were wrong or are edited.
        What building shows may come of the edit, and speaks against it.
        """
        if after.stage != "built" or not all(remedy.is_safe for _, remedy in pairs):
            return False
        names = mended.names(each.at for each, _ in pairs)
        for each in new:
            if each.at is None or not mended.lines.isdisjoint(mended.lines_at(each.at)):
                return False
            if each.severity != "error":
                continue
            if self.found.stage != "text" or (each.code, repr(each.at)) not in after.by_itself:
                return False
            if not names.isdisjoint(re.findall(r"\w+", each.at.text)):
                return False
        return True


class _Mended:
    """A text with edits made to it, which knows where its places are now."""

    def __init__(self, source: Source, edits: Sequence[Edit]) -> None:
        ordered = sorted(edits, key=lambda edit: edit.span.start)
        self.original = source
        self.source = Source(source.name, edited(source.text, ordered))
        self.starts = [edit.span.start for edit in ordered]
        grown = (len(edit.replacement) - (edit.span.end - edit.span.start) for edit in ordered)
        self.shifts = [0, *accumulate(grown)]
        self.lines = {line for edit in ordered for line in self.lines_of(edit)}
        self.edited = [edit.span for edit in ordered]

    def lines_of(self, edit: Edit) -> range:
        """The lines of the mended text that an edit made."""
        start = edit.span.start + self.shifts[bisect_left(self.starts, edit.span.start)]
        return self._lines(start, start + len(edit.replacement))

    def touched(self, pairs: Sequence[_Pair], found: Iterable[Diagnostic]) -> list[_Pair]:
        """Those of the remedies that were made, of whose lines something is said."""
        wrong = {line for each in found if each.at is not None for line in self.lines_at(each.at)}
        return [pair for pair in pairs if any(not wrong.isdisjoint(self.lines_of(edit)) for edit in pair[1].edits)]

    def lines_at(self, span: Span) -> range:
        """The lines of a place of the mended text; none of another's."""
        return self._lines(span.start, span.end) if span.source is self.source else range(0)

    def _lines(self, start: int, end: int) -> range:
        return range(self.source.position(start)[0], self.source.position(end)[0] + 1)

    def said(self, diagnostic: Diagnostic) -> Said:
        """What a mistake of the text is called in the mended one."""
        at = diagnostic.at
        if at is None or at.source is not self.original:
            return _said(diagnostic)
        # What begins where an edit begins stays there.
        shift = self.shifts[bisect_left(self.starts, at.start)]
        return diagnostic.code, at.source.name, at.start + shift, diagnostic.message

    def names(self, wrong: Iterable[Span | None]) -> set[str]:
        """The words on the lines of places that were wrong, and on those that were edited."""
        lines = {
            line
            for span in (*self.edited, *wrong)
            if span is not None and span.source is self.original
            for line in range(self.original.position(span.start)[0], self.original.position(span.end)[0] + 1)
        }
        return {word for line in lines for word in re.findall(r"\w+", self.original.line(line))}


def _said(diagnostic: Diagnostic) -> Said:
    at = diagnostic.at
    return diagnostic.code, at.source.name if at else "", at.start if at else -1, diagnostic.message
