"""Strings that don't end on their line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.syntax.mistakes.brackets import Unclosed
from archdsl.syntax.recovery.broken import Broken, Repair, Replacement, Report

_MAY_END = re.compile(r"(?<=[^\s])(?=[\s)\]},|:>#]|$)")
_AT_MOST = 12
_BRACKETS = (("{", "}"), ("(", ")"), ("[", "]"), ("<", ">"))


def rule(broken: Broken) -> Iterator[Repair]:
    """A quote without another on its line."""
    if broken.word != '"':
        return
    report = unclosed(broken)
    without = Repair.of(Replacement(broken.start, broken.start + 1, ""), report)
    # No string begins behind a letter.
    glued = broken.text[broken.start - 1 : broken.start].isalnum()
    if glued:
        yield without
    places = [found.start() for found in _MAY_END.finditer(broken.text, broken.start + 1, broken.line_end)]
    for place in places[:_AT_MOST]:
        yield Repair.of(Replacement(place, place, '"'), report)
    if not glued:
        yield without
    for opening, closing in _BRACKETS:
        # The quote stands on the same key as a bracket.
        if closing in broken.rest and opening not in broken.rest:
            yield Repair.of(Replacement(broken.start, broken.start + 1, opening), report)


def unclosed(broken: Broken) -> Report:
    """What is said of the quote."""
    return Report(
        Unclosed,
        broken.start,
        broken.start + 1,
        "a string is never closed",
        "opened here",
        helps=('close it with `"` on the same line',),
    )
