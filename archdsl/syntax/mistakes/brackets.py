"""Brackets that are opened and not closed, or closed and not opened."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Diagnostic
from archdsl.syntax.recovery.broken import CLOSING, Broken, Repair, Replacement, Report, end_of_code, left_out, line_end
from archdsl.syntax.recovery.stack import Cell

_FAR = 20_000
"""Characters between a bracket and where it is missed, beyond which only the latter place is tried."""


class Unclosed(Diagnostic):
    """A bracket, brace or string that is opened and not closed."""

    code = "unclosed"
    bad = "arch net\ninput 3x8x8\n[conv3-4 relu\n"
    mended = "arch net\ninput 3x8x8\n[conv3-4 relu]\n"


class SurplusBracket(Diagnostic):
    """A bracket or brace that closes nothing, as nothing of its kind is open."""

    code = "surplus-bracket"
    bad = "arch net\ninput 3x8x8\nconv3-4 ] relu\n"
    mended = "arch net\ninput 3x8x8\nconv3-4 relu\n"


class WrongBracket(Diagnostic):
    """A bracket of one kind that is closed by one of another."""

    code = "wrong-bracket"
    bad = "arch net\ninput 3x8x8\n[conv3-4 relu) x2\n"
    mended = "arch net\ninput 3x8x8\n[conv3-4 relu] x2\n"


def unclosed(broken: Broken) -> Iterator[Repair]:
    """Brackets that end too late, or never: the innermost one, the innermost two, …"""
    brackets = broken.open_brackets
    counts = range(1, min(len(brackets), 4) + 1)
    if broken.at_end and len(brackets) > len(counts):
        counts = range(len(brackets), len(brackets) + 1)
    for count in counts:
        closing = "".join(CLOSING[each.kind] for each in brackets[:count])
        reports = tuple(_unclosed(broken, each) for each in brackets[:count])
        for place in _ends(broken, brackets[count - 1]) if count == 1 else [broken.after_last]:
            yield Repair(Replacement(place, place, closing), reports)
    for bracket in brackets[:2]:
        start = bracket.end - 1
        yield Repair.of(
            Replacement(start, bracket.end, ""), _unclosed(broken, bracket, f"leave out the `{broken.text[start]}`")
        )


def surplus(broken: Broken) -> Iterator[Repair]:
    """A closing bracket without an opening one, or behind an opening one of another kind."""
    word = broken.word
    if word not in CLOSING.values():
        return
    brackets = broken.open_brackets
    end = broken.start + 1
    if brackets and word not in {CLOSING[each.kind] for each in brackets}:
        opening = brackets[0]
        right = CLOSING[opening.kind]
        start = opening.end - 1
        yield Repair.of(
            Replacement(broken.start, end, right),
            Report(
                WrongBracket,
                broken.start,
                end,
                f"`{broken.text[start]}` is closed by `{word}`",
                f"`{right}` is needed here",
                labels=((start, opening.end, "opened here"),),
                helps=(f"close it with `{right}`",),
            ),
        )
    yield Repair.of(
        left_out(broken.text, broken.start, end),
        Report(
            SurplusBracket,
            broken.start,
            end,
            f"`{word}` closes nothing",
            "no bracket of its kind is open here",
            helps=("leave it out, or open the bracket where it begins",),
        ),
    )


def _unclosed(broken: Broken, bracket: Cell, help: str = "") -> Report:
    start = bracket.end - 1
    noticed = "the spec ends without it" if broken.at_end else "noticed here"
    return Report(
        Unclosed,
        start,
        bracket.end,
        f"`{broken.text[start]}` is never closed",
        "opened here",
        labels=((broken.start, max(broken.piece.end, broken.start), noticed),),
        helps=(help or f"close it with `{CLOSING[bracket.kind]}`",),
    )


def _ends(broken: Broken, bracket: Cell) -> Iterator[int]:
    """Where a bracket may have been meant to end, the likeliest place first."""
    end = line_end(broken.text, bracket.end)
    if broken.start <= end:
        yield broken.after_last
    elif broken.start - bracket.end < _FAR:
        code = end_of_code(broken.text, bracket.end)
        if code > bracket.end and not _goes_on(broken.text, bracket.end, end):
            yield code
        if bracket.kind not in ("LSQB", "MERGE"):
            blank = re.compile(r"[ \t]").search(broken.text, bracket.end, code)
            if blank is not None:
                yield blank.start()
    yield broken.after_last


def _goes_on(text: str, place: int, end: int) -> bool:
    """Whether the next line is indented more than this one, or begins with a closing bracket."""
    start = text.rfind("\n", 0, place) + 1
    following = re.compile(r"\s*?\n?([ \t]*)([^\s])").match(text, end)
    if following is None:
        return False
    here = len(text[start:place]) - len(text[start:place].lstrip(" \t"))
    return len(following[1]) > here or following[2] in "])}>|"
