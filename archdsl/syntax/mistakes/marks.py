"""Marks that are missing, surplus, or stand where another belongs: what is left when no habit explains a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Diagnostic
from archdsl.syntax.mistakes.unexpected import SyntaxMistake
from archdsl.syntax.recovery.automaton import NO_TOKEN
from archdsl.syntax.recovery.broken import CLOSING, Broken, Repair, Replacement, Report, left_out


class WrongMark(Diagnostic):
    """A mark that stands where another belongs, such as `=` behind a label."""

    code = "wrong-mark"
    bad = "arch net\ninput 3x8x8\nstem = conv3-4\n"
    mended = "arch net\ninput 3x8x8\nstem: conv3-4\n"


class MissingMark(Diagnostic):
    """A mark that a statement can't do without, such as `=` between a block and its body."""

    code = "missing-mark"
    bad = "arch net\ninput 3x8x8\nblock unit [conv3-4 relu]\nunit\n"
    mended = "arch net\ninput 3x8x8\nblock unit = [conv3-4 relu]\nunit\n"


class MissingPart(Diagnostic):
    """A statement without a part that it can't do without: a value, a name, a layer."""

    code = "missing-part"
    bad = "arch net\ninput 3x8x8\nconv3-{}\n"
    mended = "arch net\ninput 3x8x8\nconv3-{4}\n"


_WRONG = re.compile(r"===?|!==?|:=|=:|&&|\|\||<>|=<|=>|[-=:,;.|&!^~\\/_(){}\[\]<>*+]")
_INSTEAD = {
    "&&": ("and", " and ", "and ", " and"),
    "||": ("or", " or ", "or ", " or"),
    "!": ("not ",),
    "^": ("**",),
    "<>": ("!=",),
    "===": ("==",),
    "!==": ("!=",),
    "=<": ("<=",),
    "=>": (">=",),
    "(": ("[", "{", "<"),
    "[": ("(", "{", "<"),
    "{": ("(", "[", "<"),
    "<": ("(", "[", "{"),
}
_MARKS = (":", "=", "==", ",", "|", "-")
_INSERTED = (" =", ":", ",", " |", " [", "(", "{", "<", "-", " ==")
_CLOSED_BY = {"[": "]", "(": ")", "{": "}", "<": ">"}
_FILLERS = (
    ("0", "a value is missing"),
    ("{0}", "a value in braces is missing"),
    ("[identity]", "layers in `[ ]` are missing"),
    ("identity", "a layer is missing"),
    ("name", "a name is missing"),
)


def labels(broken: Broken) -> Iterator[Repair]:
    """`stem = conv3-4`."""
    if broken.word != "=" or not broken.among_statements or broken.last is None or broken.last.kind != "HEAD":
        return
    yield Repair.of(
        Replacement(broken.after_last, broken.start + 1, ":"),
        Report(
            WrongMark,
            broken.start,
            broken.start + 1,
            "`=` can't stand here",
            "`:` belongs here",
            helps=("a label ends with a colon: write `:` for `=`",),
        ),
    )


def instead(broken: Broken) -> Iterator[Repair]:
    """One mark for another."""
    found = _WRONG.match(broken.text, broken.start, broken.line_end)
    if found is None:
        return
    wrong = found[0]
    alone = not broken.text[found.end() : broken.line_end].strip()
    end = len(broken.text) if alone else broken.line_end
    closing = tuple(CLOSING[bracket.kind] for bracket in broken.open_brackets[:1])
    for right in _INSTEAD.get(wrong, (*_MARKS, *closing, *_CLOSED_BY)):
        if right.strip() == wrong or (right in _CLOSED_BY and not _is_closed(broken, right, end)):
            continue
        # A label's colon is glued to it.
        start = broken.after_last if right == ":" else broken.start
        if broken.text[start : broken.start].strip():
            continue
        yield Repair.of(
            Replacement(start, found.end(), right),
            Report(
                WrongMark,
                broken.start,
                found.end(),
                f"`{wrong}` can't stand here",
                f"`{right.strip()}` belongs here",
                helps=(f"write `{right.strip()}` for `{wrong}`",),
            ),
        )


def missing(broken: Broken) -> Iterator[Repair]:
    """A mark before the token."""
    start, end = broken.after_last, broken.start
    if start > end:
        return
    for mark in _INSERTED:
        # Between two numbers a dash would be a difference, which nobody leaves out.
        if mark == "-" and (broken.last is None or broken.last.kind != "HEAD"):
            continue
        if mark.strip() in _CLOSED_BY and not _is_closed(
            broken, mark.strip(), len(broken.text) if mark == " [" else broken.line_end
        ):
            continue
        report = Report(
            MissingMark,
            start,
            start,
            f"`{mark.strip()}` is missing",
            "here",
            helps=(f"put `{mark.strip()}` here",),
        )
        if mark in "({<-":
            yield Repair.of(Replacement(start, end if "\n" not in broken.text[start:end] else start, mark), report)
        elif mark == " [":
            yield Repair.of(Replacement(end, end, "["), report)
        else:
            yield Repair.of(Replacement(start, start, mark), report)


def _is_closed(broken: Broken, mark: str, end: int) -> bool:
    """Whether a bracket that was opened here would be closed before a place."""
    depth = 1
    for found in re.compile(f"[{re.escape(mark + _CLOSED_BY[mark])}]").finditer(broken.text, broken.start, end):
        depth += 1 if found[0] == mark else -1
        if not depth:
            return True
    return False


def filled(broken: Broken) -> Iterator[Repair]:
    """A value, a name or layers before the token, whichever could stand there."""
    place = broken.after_last
    for filler, message in _FILLERS:
        for edge in ("", " "):
            yield Repair.of(
                Replacement(place, place, f"{edge}{filler}{edge}"),
                Report(MissingPart, place, place, message, "something is missing here", offered=False),
            )


def deleted(broken: Broken) -> Iterator[Repair]:
    """The token, or its first character, left out."""
    if broken.at_end:
        return
    ends = {broken.start + 1} if broken.piece.kind == NO_TOKEN else {broken.piece.end, broken.start + 1}
    for end in sorted(ends, reverse=True):
        word = broken.text[broken.start : end]
        yield Repair.of(
            left_out(broken.text, broken.start, end),
            Report(
                SyntaxMistake,
                broken.start,
                end,
                f"`{word}` can't stand here",
                "unexpected",
                helps=("leave it out",),
            ),
        )
