"""Heads whose pieces stand apart, and repeats in another notation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Diagnostic
from archdsl.syntax.recovery.broken import Broken, Repair, Replacement, Report


class SpaceInHead(Diagnostic):
    """A layer whose pieces stand apart: no space belongs inside `conv3-64/2(groups=4)`."""

    code = "space-in-head"
    bad = "arch net\ninput 3x8x8\nconv3 -64\n"
    mended = "arch net\ninput 3x8x8\nconv3-64\n"


class RepeatNotation(Diagnostic):
    """A repeat in another notation than `conv3-64 x2`."""

    code = "repeat-notation"
    bad = "arch net\ninput 3x8x8\nconv3-4 *2\n"
    mended = "arch net\ninput 3x8x8\nconv3-4 x2\n"


_HEAD_ENDS = ("HEAD", "NAME", "SIZE", "RBRACE")
_SIGN = re.compile(r"([-/])[ \t]*(?=[0-9{])|\((?=[^\n]*\))|<")
_NUMBER = re.compile(r"[0-9]+(?:x[0-9]+)*")
_TIMES = re.compile(r"(?:\*\*?|\^|[x×*][ \t]*)[ \t]*(?=[0-9{])")
_AHEAD = re.compile(r"([0-9]+)[ \t]*[x×*][ \t]*([A-Za-z_@][^\s\[\]|]*|\[[^\[\]\n]*\])")


def rule(broken: Broken) -> Iterator[Repair]:
    """`conv3 -64`, `conv3- 64`, `conv 3-64`, `maxpool (padding=1)`, `residual <…>`."""
    last = broken.last
    if last is None or last.kind not in _HEAD_ENDS or "\n" in broken.text[last.end : broken.start]:
        return
    apart = broken.start > last.end
    sign = _SIGN.match(broken.rest)
    number = _NUMBER.match(broken.rest)
    if sign is not None and (apart or sign[0] != sign[1]):
        edit = Replacement(last.end, broken.start + sign.end(), sign[1] or sign[0])
        end = broken.start + len(re.match(r"[-/]?[ \t]*(?:\{[^{}\n]*\}|[0-9x]*)", broken.rest)[0])  # type: ignore[index]
    elif number is not None and apart and last.kind == "HEAD":
        # `conv3 64` lacks the dash, `conv 3-64` doesn't.
        dash = "-" if broken.word_of(last)[-1].isdigit() else ""
        edit = Replacement(last.end, broken.start, dash)
        end = broken.start + number.end()
    else:
        return
    head = re.search(r"[^\s\[<|]*$", broken.text[max(0, last.end - 60) : last.end])
    whole = (head[0] if head else "") + edit.text + broken.text[edit.end : max(end, edit.end)]
    shown = whole + {"(": "…)", "<": "…>"}.get(edit.text, "")
    yield Repair.of(
        edit,
        Report(
            SpaceInHead,
            broken.start,
            max(end, broken.start + 1),
            f"`{broken.text[broken.start : max(end, broken.start + 1)]}` stands apart from its layer",
            "it belongs to what stands before",
            helps=(f"no space belongs inside a head: `{shown}`",),
            safe=edit.text != "-" or sign is not None,
        ),
    )


def repeats(broken: Broken) -> Iterator[Repair]:
    """`conv3-4 *2`, `conv3-4 x  2`, `2x conv3-4`."""
    if not broken.among_statements:
        return
    start = broken.start
    last = broken.last
    if last is not None and broken.word_of(last) == "x":
        start = last.start
    times = _TIMES.match(broken.text, start, broken.line_end)
    if times is not None:
        report = Report(
            RepeatNotation,
            start,
            times.end(),
            f"`{times[0].strip()}` is no repeat",
            "a repeat is written `x2` or `×2`",
            helps=("write a repeat like `conv3-64 x2`",),
            safe=True,
        )
        yield Repair.of(
            Replacement(start, times.end(), " x" if broken.text[start - 1 : start].strip() else "x"), report
        )
    ahead = _AHEAD.match(broken.text, start, broken.line_end)
    if ahead is not None:
        yield Repair.of(
            Replacement(start, ahead.end(), f"{ahead[2]} x{ahead[1]}"),
            Report(
                RepeatNotation,
                start,
                start + len(ahead[1]),
                "a repeat stands behind what it repeats",
                "this number stands before it",
                helps=(f"write `{ahead[2]} x{ahead[1]}`",),
                safe=True,
            ),
        )
