"""One pass over a text before it is parsed: its comments, its limits, and characters that are not the language's."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from archdsl.diagnostics import ArchError, Diagnostic, Source, Span
from archdsl.limits import USUAL, Limits


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


class NameTooLong(Diagnostic):
    """A name, label or string longer than anybody would read."""

    code = "name-too-long"
    bad = "arch net\ninput 3x8x8\n" + "stem" * 300 + ": conv3-8\n"
    mended = "arch net\ninput 3x8x8\nstem: conv3-8\n"


@cache
def _noteworthy(digits: int, letters: int) -> re.Pattern[str]:
    """What is looked for. Strings and comments are matched whole, so that nothing in them is taken for code.

    The bracket of a merge is glued to its name. A number's exponent stands behind a digit.
    """
    return re.compile(
        rf"""
          "[^"\n]*" | \#[^\n]*
        | [\[\](){{}}] | (?<=[A-Za-z0-9_])< | >
        | (?P<long> [0-9][0-9_]{{{digits},}} | (?<=[0-9])[eE][+-]?[0-9]{{4,}} )
        | (?P<name> (?<![A-Za-z0-9_])[A-Za-z0-9_]{{{letters + 1},}} )
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


def survey(source: Source, limits: Limits = USUAL) -> Survey:
    """Look over a text. Raises ArchError where it is beyond what may be parsed at all."""
    found = Survey()
    brackets: list[str] = []
    for match in _noteworthy(limits.digits, limits.letters).finditer(source.text):
        text = match[0]
        first = text[0]
        if match.lastgroup is None and first in "[({<":
            if first == "<" and brackets and brackets[-1] in "({":
                continue
            brackets.append(first)
            if len(brackets) > limits.nesting:
                raise ArchError(too_deep(source.span(*match.span()), limits))
        elif match.lastgroup is None and first in "])}>":
            if brackets and brackets[-1] == _OPENING[first]:
                brackets.pop()
        elif first in '#"':
            span = source.span(*match.span())
            if first == "#":
                found.comments.append(span)
            elif len(text) - 2 > limits.letters:
                raise ArchError(too_long(span, limits))
            if not (text.isascii() and text.isprintable()) and not text.replace("\t", " ").isprintable():
                found.doubtful.append(span)
        elif match.lastgroup == "long":
            at = source.span(*match.span())
            helps = [limits.help("digits")] if first.isdigit() else []
            what = f"more than {limits.digits} digits" if first.isdigit() else "an exponent beyond all numbers"
            raise ArchError(NumberTooLong(at, f"a number has {what}", "too long", helps=helps))
        elif match.lastgroup == "name":
            raise ArchError(too_long(source.span(*match.span()), limits))
        else:
            (found.quoted if match.lastgroup == "quoted" else found.odd).append(source.span(*match.span()))
    return found


def too_deep(at: Span | None, limits: Limits) -> Diagnostic:
    """Brackets within brackets, or what needs none to nest: `not not not …`, `else if … else if …`."""
    return NestedTooDeep(
        at, f"this is nested more than {limits.nesting} deep", "too deep", helps=[limits.help("nesting")]
    )


def too_long(at: Span, limits: Limits) -> Diagnostic:
    """A name, label or string of more characters than may be."""
    return NameTooLong(
        at, f"this has more than {limits.letters} characters", "too long", helps=[limits.help("letters")]
    )
