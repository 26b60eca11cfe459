"""What is said of a token that no edit explains."""

from __future__ import annotations

import re

from archdsl.diagnostics import Diagnostic
from archdsl.syntax.automaton import END
from archdsl.syntax.mistakes.strings import unclosed
from archdsl.syntax.recovery.broken import Broken, Report


class SyntaxMistake(Diagnostic):
    """Text that is not in the language at this place."""

    code = "syntax"
    bad = "arch net\ninput 3x8x8\nconv3-4 $ relu\n"
    mended = "arch net\ninput 3x8x8\nconv3-4 relu\n"


class Foreign(Diagnostic):
    """A line of another language: Python, YAML, JSON, or a table of a paper.

    Where it is a layer, it is said how that is written here; what is none is reported once a file.
    """

    code = "foreign-language"
    bad = "arch net\ninput 3x8x8\nself.conv = nn.Conv2d(3, 8, 3)\n"
    mended = "arch net\ninput 3x8x8\nconv: conv3-8\n"


_FOREIGN = (
    (
        "Python",
        re.compile(
            r"\s*(def|class|import|from(?=[ \t]+[A-Za-z.])|return|self\.|super\(|print\(|@[a-z]+\()(?![A-Za-z0-9_])"
        ),
    ),
    ("Python", re.compile(r".*\b(nn|torch|tf|keras|layers|F)\.[A-Za-z]")),
    ("JSON", re.compile(r'\s*[{}],?\s*$|\s*"[^"\n]*"\s*:\s*(["{]|[0-9]+,?\s*$)')),
    (
        "Darknet's notation",
        re.compile(
            r"\s*(filters|activation|batch_normalize|size|pad|padding|stride|groups|output|probability|from|layers)"
            r"\s*=\s*[a-z0-9.]+\s*$"
        ),
    ),
)


def foreign(broken: Broken) -> Report | None:
    """What is said of a line that is not of this language at all; None where it may be."""
    for language, pattern in _FOREIGN:
        if pattern.match(broken.line):
            first = broken.line_start + len(broken.line) - len(broken.line.lstrip())
            return Report(
                Foreign,
                first,
                broken.line_start + len(broken.line.rstrip()),
                f"this is {language}, not a spec",
                "unexpected",
                helps=("a layer is written like `conv3-64`; `archdsl layers` lists them",),
                habit=True,
            )
    return None


def unexpected(broken: Broken) -> Report:
    """What is said of a token where nothing else is known of it."""
    start, end = broken.start, broken.piece.end
    if broken.word == '"':
        return unclosed(broken)
    if broken.piece.kind == END:
        return Report(
            SyntaxMistake, start, end, "the spec ends in the middle of a statement", "something is missing here"
        )
    return Report(SyntaxMistake, start, end, f"`{broken.word.strip()}` can't stand here", "unexpected")
