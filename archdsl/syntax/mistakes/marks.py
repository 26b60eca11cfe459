"""Marks that are missing, surplus, or stand where another belongs: what is left when no habit explains a mistake."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from archdsl.diagnostics import Diagnostic
from archdsl.syntax.automaton import NO_TOKEN
from archdsl.syntax.mistakes.unexpected import SyntaxMistake
from archdsl.syntax.recovery.broken import (
    CLOSING,
    Broken,
    Repair,
    Replacement,
    Report,
    left_out,
    line_end,
)
from archdsl.syntax.recovery.stack import Cell


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


_WRONG = re.compile(r"===?|!==?|:=|=:|&&|\|\||<>|=<|=>|[-=:,;.|&!^~\\/_(){}\[\]<>*+$@?%\"]")
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
_NEVER = frozenset('$@?%"')
"""Marks that nobody means for another, but on whose key a closing bracket may stand."""
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


def strides(broken: Broken) -> Iterator[Repair]:
    """`conv3-64-2`."""
    last = broken.last
    number = re.match(r"-([0-9]+)(?![0-9A-Za-z_])", broken.rest)
    if number is None or last is None or last.kind not in ("SIZE", "RBRACE") or broken.start > last.end:
        return
    yield Repair.of(
        Replacement(broken.start, broken.start + 1, "/"),
        Report(
            WrongMark,
            broken.start,
            broken.start + number.end(),
            f"`{number[0]}` can't stand here",
            "a second dash",
            helps=(f"a stride stands behind a slash: `/{number[1]}`",),
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
    closing = _closing(broken, broken.open_brackets, found.end())
    others = closing if wrong in _NEVER else (*_MARKS, *closing, *_CLOSED_BY)
    for right in _INSTEAD.get(wrong, others):
        depth = 1 + (alone and sum(CLOSING[each.kind] == _CLOSED_BY.get(right) for each in broken.open_brackets))
        if right.strip() == wrong or (right in _CLOSED_BY and not _is_closed(broken, right, broken.start, end, depth)):
            continue
        # A label's colon is glued to it.
        start = broken.after_last if right == ":" else broken.start
        if not broken.text[start : broken.start].strip():
            yield _for_another(start, broken.start, wrong, right)


def instead_of_last(broken: Broken) -> Iterator[Repair]:
    """A bracket in place of the mark before the token, which only what follows shows to be wrong: `unit[16)`."""
    last = broken.last
    wrong = broken.word_of(last)
    if last is None or not _WRONG.fullmatch(wrong):
        return
    if wrong in CLOSING.values():
        # A merge ends at `>`, also at that of `conv3-{c}>{s}`.
        candidates: tuple[str, ...] = ("/", "-") if broken.start == last.end and wrong == ">" else ()
    else:
        around = [bracket for bracket in broken.open_brackets if bracket.start != last.start]
        candidates = (*_closing(broken, around, last.end), *_INSTEAD.get(wrong, ()))
    for right in candidates:
        if right not in _CLOSED_BY or _is_closed(broken, right, last.end, line_end(broken.text, last.start)):
            yield _for_another(last.start, last.start, wrong, right)


def _closing(broken: Broken, brackets: Sequence[Cell], behind: int) -> tuple[str, ...]:
    """What closes the innermost bracket, unless something else behind a place does."""
    if not brackets:
        return ()
    opening, closing = broken.text[brackets[0].end - 1], CLOSING[brackets[0].kind]
    end = len(broken.text) if opening in "[<" else line_end(broken.text, behind)
    return () if _is_closed(broken, opening, behind, end) else (closing,)


def _for_another(start: int, place: int, wrong: str, right: str) -> Repair:
    end = place + len(wrong)
    return Repair.of(
        Replacement(start, end, right),
        Report(
            WrongMark,
            place,
            end,
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
        # Between two values one mark is as likely as any other.
        if mark == "-" and (broken.last is None or broken.last.kind != "HEAD"):
            continue
        if mark in (":", " ==") and broken.in_expression:
            continue
        if mark.strip() in _CLOSED_BY and not _is_closed(
            broken, mark.strip(), broken.start, len(broken.text) if mark == " [" else broken.line_end
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


def _is_closed(broken: Broken, mark: str, start: int, end: int, depth: int = 1) -> bool:
    """Whether as many brackets as were opened ahead of one place would be closed before another."""
    for found in re.compile(f"[{re.escape(mark + _CLOSED_BY[mark])}]").finditer(broken.text, start, end):
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
                Report(
                    MissingPart,
                    place,
                    place,
                    message,
                    "something is missing here",
                    helps=(f"write it here, or leave out what needs it: such as `{filler}`",),
                    offered=False,
                ),
            )


def deleted(broken: Broken) -> Iterator[Repair]:
    """The token, or its first character, left out."""
    if broken.at_end:
        return
    ends = {broken.start + 1} if broken.piece.kind == NO_TOKEN else {broken.piece.end, broken.start + 1}
    for end in sorted(ends, reverse=True):
        word = broken.text[broken.start : end]
        report = Report(
            SyntaxMistake, broken.start, end, f"`{word}` can't stand here", "unexpected", helps=("leave it out",)
        )
        apart = left_out(broken.text, broken.start, end)
        yield Repair.of(apart, report)
        if apart.text:
            yield Repair.of(Replacement(broken.start, end, ""), report)
    behind = re.compile(r"[-/:=@]([$@?%\"^~&!;])").match(broken.text, broken.start)
    if behind is not None:
        # The sign of `conv3-$64` is none without a number behind it.
        yield Repair.of(
            Replacement(*behind.span(1), ""),
            Report(
                SyntaxMistake, *behind.span(1), f"`{behind[1]}` can't stand here", "unexpected", helps=("leave it out",)
            ),
        )
