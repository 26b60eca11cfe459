"""Comments that go on in the next line, where a comment has ended."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Diagnostic
from archdsl.syntax.recovery.broken import Broken, Repair, Replacement, Report


class CommentGoesOn(Diagnostic):
    """A comment that goes on in the next line without a `#` of its own: a comment ends with its line.

    It is reported once a file.
    """

    code = "comment-goes-on"
    bad = "# The net of our paper, which is\nto appear: it has no pooling at all.\narch net\ninput 3x8x8\nrelu\n"
    mended = "# The net of our paper, which is\n# to appear: it has no pooling at all.\narch net\ninput 3x8x8\nrelu\n"


_WORD = re.compile(r"[(\"]?[A-Za-z][a-z]*('[a-z]+)?[,.;:)\"]*")
_SHARE = 0.6
"""Words that are nothing else, among all that a line has, from which on it is prose."""


def rule(broken: Broken) -> Iterator[Repair]:
    """A line of words below a comment."""
    above = broken.text[broken.text.rfind("\n", 0, max(0, broken.line_start - 1)) + 1 : max(0, broken.line_start - 1)]
    words = broken.line.split()
    plain = [word for word in words if _WORD.fullmatch(word)]
    if not above.lstrip().startswith("#") or len(plain) < 4 or len(plain) < _SHARE * len(words):
        return
    start = broken.line_start + len(broken.line) - len(broken.line.lstrip())
    yield Repair.of(
        Replacement(start, start, "# "),
        Report(
            CommentGoesOn,
            start,
            broken.line_start + len(broken.line.rstrip()),
            "a comment ends with its line",
            "this is read as layers",
            helps=("begin every line of a comment with `#`",),
            habit=True,
        ),
    )
