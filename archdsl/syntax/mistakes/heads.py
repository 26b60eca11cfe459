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
_NUMBER = re.compile(r"([0-9]+(?:x[0-9]+)*|[0-9]*\.[0-9]+)(?![0-9A-Za-z_.])")
_TIMES = re.compile(r"(?:\*\*?|\^|[x×*][ \t]*)[ \t]*(?=[0-9{])")
_AHEAD = re.compile(r"([0-9]+)[ \t]*[x×*][ \t]*((?!x[0-9])[A-Za-z_@][^\s\[\]|]*|\[[^\[\]\n]*\])")


def rule(broken: Broken) -> Iterator[Repair]:
    """`conv3 -64`, `conv3- 64`, `conv 3-64`, `fc 10`, `maxpool (padding=1)`, `residual <…>`."""
    last = broken.last
    if last is None or last.kind not in _HEAD_ENDS or "\n" in broken.text[last.end : broken.start]:
        return
    if broken.word_of(last) in (*broken.keywords, "x"):
        return
    apart = broken.start > last.end
    sign = _SIGN.match(broken.rest)
    number = _NUMBER.match(broken.rest)
    if sign is not None and (apart or sign[0] != sign[1]):
        edit = Replacement(last.end, broken.start + sign.end(), sign[1] or sign[0])
        end = broken.start + len(re.match(r"[-/]?[ \t]*(?:\{[^{}\n]*\}|[0-9x]*)", broken.rest)[0])  # type: ignore[index]
        whole = _head(broken, last.end) + edit.text + broken.text[edit.end : max(end, edit.end)]
        shown = whole + {"(": "…)", "<": "…>"}.get(edit.text, "")
        yield _apart(broken, end, edit, (), f"no space belongs inside a head: `{shown}`", True)
    elif number is not None and last.kind == "HEAD" and (apart or "." in number[1]):
        yield from _number(broken, last.end, number)


def _number(broken: Broken, start: int, number: re.Match[str]) -> Iterator[Repair]:
    """A number that stands apart: only its layer knows what it is of, so that several ways are offered."""
    head = _head(broken, start)
    end = broken.start + number.end()
    value = number[1]
    dash, glued = Replacement(start, broken.start, "-"), Replacement(start, broken.start, "")
    call = Replacement(start, end, f"({value})")
    if "." in value:
        # In `dropout0.5` the digits ahead of the point were taken for the layer's.
        whole = "" if value[0].isdigit() else re.search(r"[0-9]*$", head)[0]  # type: ignore[index]
        begin = start - len(whole)
        edit = Replacement(begin, end, f"({whole}{value})")
        shown = f"{head[: len(head) - len(whole)]}{edit.text}"
        if whole or value[0].isdigit():
            yield _apart(broken, end, edit, (), f"what is no size stands in round brackets: `{shown}`", True)
        return
    if re.match(r"[-/]", broken.text[end : end + 1]):
        shown = head + re.match(r"[^\s\])>|]*", broken.rest)[0]  # type: ignore[index]
        yield _apart(broken, end, glued, (), f"no space belongs inside a head: `{shown}`", True)
        return
    ways: tuple[tuple[Replacement, str], ...]
    ways = ((dash, f"{head}-{value}"), (glued, f"{head}{value}"), (call, f"{head}({value})"))
    if head[-1:].isdigit():
        ways = ways[:1]
    instead = tuple((edit, f"no space belongs inside a head: `{shown}`") for edit, shown in ways)
    yield _apart(broken, end, dash, instead, "no space belongs inside a head, as in `conv3-64`", False)


def _head(broken: Broken, end: int) -> str:
    """What is written up to a place without a space."""
    found = re.search(r"[^\s\[<|]*$", broken.text[max(0, end - 60) : end])
    return found[0] if found else ""


def _apart(
    broken: Broken,
    end: int,
    edit: Replacement,
    instead: tuple[tuple[Replacement, str], ...],
    help: str,
    safe: bool,
) -> Repair:
    end = max(end, broken.start + 1)
    return Repair.of(
        edit,
        Report(
            SpaceInHead,
            broken.start,
            end,
            f"`{broken.text[broken.start : end]}` stands apart from its layer",
            "it belongs to what stands before",
            helps=(help,),
            instead=instead,
            safe=safe,
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
