"""One pass over a text before it is parsed: its comments, its limits, and characters that are not the language's."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from archdsl.diagnostics import ArchError, Diagnostic, Source, Span

MAX_NESTING = 100
MAX_DIGITS = 40


class NestedTooDeep(Diagnostic):
    """Brackets nested deeper than any network needs, which only a broken or hostile file has."""

    code = "nested-too-deep"
    bad = "arch net\ninput 3x8x8\n" + "[" * 120 + "relu" + "]" * 120 + "\n"
    mended = "arch net\ninput 3x8x8\n[[relu]]\n"


class NumberTooLong(Diagnostic):
    """A number of more digits than any size, count or rate has."""

    code = "number-too-long"
    bad = "arch net\ninput 3x8x8\nconv3-" + "9" * 50 + "\n"
    mended = "arch net\ninput 3x8x8\nconv3-9\n"


# Strings and comments are matched whole, so that nothing in them is taken for code. The bracket of a merge is glued
# to its name. A number's exponent stands behind a digit.
_NOTEWORTHY = re.compile(
    rf"""
      "[^"\n]*" | \#[^\n]*
    | [\[\](){{}}] | (?<=[A-Za-z0-9_])< | >
    | (?P<long> [0-9][0-9_]{{{MAX_DIGITS},}} | (?<=[0-9])[eE][+-]?[0-9]{{4,}} )
    | (?P<quoted> '[^'"\n]*' | [“”„‟«»‘’‚‛`][^“”„‟«»‘’‚‛`"\n]*[“”„‟«»‘’‚‛`"] )
    | (?P<odd> [^\t\n\r -&(-_a-~×]+ )
    """,
    re.VERBOSE,
)
_OPENING = {"]": "[", ")": "(", "}": "{", ">": "<"}


@dataclass
class Survey:
    """What a text has apart from its code."""

    comments: list[Span] = field(default_factory=list)
    odd: list[Span] = field(default_factory=list)
    """Characters in the code that the language doesn't have."""
    quoted: list[Span] = field(default_factory=list)
    """Texts between quotes of another kind."""
    doubtful: list[Span] = field(default_factory=list)
    """Strings and comments with characters that can't be seen."""


def survey(source: Source) -> Survey:
    """Look over a text. Raises ArchError where it is beyond what may be parsed at all."""
    found = Survey()
    brackets: list[str] = []
    for match in _NOTEWORTHY.finditer(source.text):
        text = match[0]
        first = text[0]
        if match.lastgroup is None and first in "[({<":
            if first == "<" and brackets and brackets[-1] in "({":
                continue
            brackets.append(first)
            if len(brackets) > MAX_NESTING:
                at = source.span(*match.span())
                raise ArchError(
                    NestedTooDeep(
                        at,
                        f"brackets are nested more than {MAX_NESTING} deep",
                        helps=["name what stands within as a block, or close what is open"],
                    )
                )
        elif match.lastgroup is None and first in "])}>":
            if brackets and brackets[-1] == _OPENING[first]:
                brackets.pop()
        elif first in '#"':
            span = source.span(*match.span())
            if first == "#":
                found.comments.append(span)
            if not (text.isascii() and text.isprintable()) and not text.replace("\t", " ").isprintable():
                found.doubtful.append(span)
        elif match.lastgroup == "long":
            at = source.span(*match.span())
            what = f"more than {MAX_DIGITS} digits" if first.isdigit() else "an exponent beyond all numbers"
            raise ArchError(NumberTooLong(at, f"a number has {what}"))
        else:
            (found.quoted if match.lastgroup == "quoted" else found.odd).append(source.span(*match.span()))
    return found
