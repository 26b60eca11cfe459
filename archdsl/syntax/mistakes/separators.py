"""Signs between layers, which need none, and comments in another notation."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Diagnostic
from archdsl.syntax.recovery.broken import Broken, Repair, Replacement, Report, left_out


class Separator(Diagnostic):
    """A comma, semicolon or arrow between layers, which are separated by spaces alone. It is reported once a file."""

    code = "separator"
    bad = "arch net\ninput 3x8x8\nconv3-4, relu\n"
    mended = "arch net\ninput 3x8x8\nconv3-4 relu\n"


class CommentNotation(Diagnostic):
    """A comment in another notation than `# …`."""

    code = "comment-notation"
    bad = "arch net\ninput 3x8x8\nconv3-4 // the stem\n"
    mended = "arch net\ninput 3x8x8\nconv3-4 # the stem\n"


_SIGN = re.compile(r",|;|-+>|=+>|>>|→|⇒|\+|&|\.(?![0-9])|-(?=[ \t])")
_COMMENT = re.compile(r"//|/\*|--(?![->|])|%")


def rule(broken: Broken) -> Iterator[Repair]:
    """`conv3-4, relu`, `conv3-4 -> relu`, `- conv3-4`."""
    sign = _SIGN.match(broken.text, broken.start, broken.line_end)
    if sign is None or not broken.among_statements:
        return
    end = sign.end()
    if sign[0].endswith(">") and broken.open_brackets and broken.open_brackets[0].kind == "MERGE":
        # In `residual<conv3-4 ->` only the dash is too much.
        end -= 1
    yield Repair.of(
        left_out(broken.text, broken.start, end),
        Report(
            Separator,
            broken.start,
            end,
            f"`{broken.text[broken.start : end]}` can't stand between layers",
            "layers follow one another",
            helps=("a space alone separates layers: leave the sign out",),
            safe=True,
            habit=True,
        ),
    )


def comments(broken: Broken) -> Iterator[Repair]:
    """`// …`, `/* … */`, `-- …`, `% …`."""
    sign = _COMMENT.match(broken.text, broken.start, broken.line_end)
    if sign is None or not broken.among_statements:
        return
    yield Repair.of(
        Replacement(broken.start, sign.end(), "#"),
        Report(
            CommentNotation,
            broken.start,
            sign.end(),
            f"`{sign[0]}` begins no comment",
            "unexpected",
            helps=("a comment begins with `#`",),
            habit=True,
        ),
    )
