"""Values without their braces, and inputs in another notation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Diagnostic
from archdsl.layouts import channels_first
from archdsl.syntax.recovery.broken import Broken, Repair, Replacement, Report


class MissingBraces(Diagnostic):
    """A value of `let`, `for` or `if` that doesn't stand in braces."""

    code = "missing-braces"
    bad = "arch net\ninput 3x8x8\nlet c = 8\nconv3-{c}\n"
    mended = "arch net\ninput 3x8x8\nlet c = {8}\nconv3-{c}\n"


class InputNotation(Diagnostic):
    """An input in another notation than `input 3x224x224`."""

    code = "input-notation"
    bad = "arch net\ninput 3, 8, 8\nconv3-4\n"
    mended = "arch net\ninput 3x8x8\nconv3-4\n"


_LET = re.compile(r"[ \t]*(?:let[ \t]+)?[A-Za-z_][A-Za-z0-9_]*(?:[ \t]*,[ \t]*[A-Za-z_][A-Za-z0-9_]*)*[ \t]*=[ \t]*")
_BEFORE = (
    re.compile(r"(?:.*[\[\s])?if[ \t]+()"),
    re.compile(r"(?:.*[\[\s])?for[ \t]+[A-Za-z0-9_, \t]+?[ \t]in[ \t]+()"),
)
_CODE = re.compile(r'((?:"[^"\n]*"|[^#"\n]|")*?)[ \t;]*(?:#[^\n]*)?$')
_SIZE = r"(?:[0-9]+|\{[^{}\n]*\})"
_AXES = 4
"""Sizes of the largest input: the channels and three axes."""
_SIZES = re.compile(
    rf"[ \t]*input\b([ \t]*[:=]?[ \t]*[(\[]?[ \t]*({_SIZE}(?:[ \t]*[ \t,xX×*][ \t]*{_SIZE})*),?[ \t]*[)\]]?)"
)


def braces(broken: Broken) -> Iterator[Repair]:
    """`let c = 8`, `c = 8`, `for c in [8, 16] [ … ]`, `if c > 8 [ … ]`."""
    line = broken.line
    let = _LET.match(line)
    code = _CODE.match(line)
    if let is not None and code is not None and let.end() < code.end(1) and line[let.end()] not in "{":
        yield from _let(broken, line, let.end(), code.end(1))
    for pattern in _BEFORE:
        before = pattern.match(line)
        if before is None or line[before.end() : before.end() + 1] in ("{", ""):
            continue
        for bracket in re.compile(r"[ \t]*:?[ \t]*(?=\[|$)").finditer(line, before.end() + 1):
            value = line[before.end() : bracket.start()].strip()
            if value and bracket.start() < bracket.end() + (bracket.end() < len(line)):
                yield _braced(broken, before.end(), bracket.end(), value, f"{{{value}}} ", value)


def _let(broken: Broken, line: str, start: int, end: int) -> Iterator[Repair]:
    value = line[start:end]
    written = line[:start].lstrip()
    if written.startswith("let "):
        yield _braced(broken, start, end, value, f"{{{value}}}", f"let … = {{{value}}}")
    elif re.match(r"[0-9({-]|true\b|false\b|\[[0-9 ,.]*\]$", value) and not broken.open_brackets:
        begin = len(line) - len(line.lstrip())
        yield _braced(broken, begin, end, value, f"let {written}{{{value}}}", "", start)


def _braced(
    broken: Broken, start: int, end: int, value: str, replacement: str, whole: str, place: int | None = None
) -> Repair:
    shown = start if place is None else place
    return Repair.of(
        Replacement(broken.line_start + start, broken.line_start + end, replacement),
        Report(
            MissingBraces,
            broken.line_start + shown,
            broken.line_start + shown + len(value),
            "a value stands in braces",
            "an expression without braces",
            helps=(f"write `{replacement.strip()}`",),
            safe=place is None,
        ),
    )


def inputs(broken: Broken) -> Iterator[Repair]:
    """`input 3, 224, 224`, `input: 3x224x224`, `input 3 x 224 x 224`, `input (224, 224, 3)`."""
    sizes = _SIZES.match(broken.line)
    if sizes is None:
        return
    numbers = re.findall(r"[0-9]+|\{[^{}\n]*\}", sizes[2])
    mended = "x".join(numbers)
    if sizes[1].strip() == mended:
        return
    start, end = (broken.line_start + place for place in sizes.span(1))
    begin = start + len(sizes[1]) - len(sizes[1].lstrip())
    written = sizes[1].strip()
    if len(numbers) > _AXES or ("," in written and "x" in written):
        # Two tensors, or something else that is no shape: what was meant can't be written.
        yield Repair.of(
            Replacement(start, end, f" {mended}"),
            Report(
                InputNotation,
                begin,
                end,
                f"`{written}` is no input",
                "one tensor comes in, of one shape",
                helps=("write the shape of one tensor, as in `input 3x224x224`; branches begin with `concat<… | …>`",),
                offered=False,
            ),
        )
        return
    first = channels_first(numbers)
    help = f"write `input {first or mended}`"
    yield Repair.of(
        Replacement(start, end, f" {first or mended}"),
        Report(
            InputNotation,
            begin,
            end,
            f"`{written}` is no input",
            "the sizes that come in, channels first",
            helps=(f"{help}: channels come first, and no batch" if first else help,),
            safe=not first,
        ),
    )
