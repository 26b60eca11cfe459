"""Strings that don't end on their line."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.syntax.mistakes.brackets import Unclosed
from archdsl.syntax.recovery.broken import Broken, Repair, Replacement, Report

_MAY_END = re.compile(r"(?<=[^\s])(?=[\s)\]},|:>#]|$)")
_AT_MOST = 12


def rule(broken: Broken) -> Iterator[Repair]:
    """A quote without another on its line."""
    if broken.word != '"':
        return
    report = unclosed(broken)
    places = [found.start() for found in _MAY_END.finditer(broken.text, broken.start + 1, broken.line_end)]
    for place in places[:_AT_MOST]:
        yield Repair.of(Replacement(place, place, '"'), report)
    yield Repair.of(Replacement(broken.start, broken.start + 1, ""), report)


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
