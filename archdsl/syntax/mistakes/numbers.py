"""Numbers that lack a digit."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Diagnostic
from archdsl.syntax.recovery.broken import Broken, Repair, Replacement, Report


class NumberNotation(Diagnostic):
    """A number without a digit on one side of its point."""

    code = "number-notation"
    bad = "arch net\ninput 3x8x8\ndropout(.5)\n"
    mended = "arch net\ninput 3x8x8\ndropout(0.5)\n"


_NUMBER = re.compile(r"(?<![A-Za-z0-9_.])(?:([0-9][0-9_]*)\.|\.([0-9]+))(?![A-Za-z0-9_.])")


def rule(broken: Broken) -> Iterator[Repair]:
    """`.5` and `1.`."""
    for start in range(max(broken.line_start, broken.start - 12), broken.start + 1):
        found = _NUMBER.match(broken.text, start, broken.line_end)
        if found is None or found.end() < broken.start:
            continue
        mended = f"{found[1]}.0" if found[1] else f"0.{found[2]}"
        yield Repair.of(
            Replacement(start, found.end(), mended),
            Report(
                NumberNotation,
                start,
                found.end(),
                f"`{found[0]}` is no number",
                "a digit is missing beside the point",
                helps=(f"write `{mended}`",),
                safe=True,
            ),
        )
        return
