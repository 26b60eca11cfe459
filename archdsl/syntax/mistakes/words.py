"""Words of the language in capitals or misspelt."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Diagnostic, similar
from archdsl.syntax.recovery.broken import Broken, Repair, Replacement, Report


class WrongWord(Diagnostic):
    """A word of the language that is misspelt or has capital letters."""

    code = "wrong-word"
    bad = "arch net\ninput 3x8x8\nBlock unit = [conv3-4 relu]\nunit\n"
    mended = "arch net\ninput 3x8x8\nblock unit = [conv3-4 relu]\nunit\n"


_FIRST = re.compile(r"[ \t]*([A-Za-z]+)(?![A-Za-z0-9_:(<-])")
_STRUCK = re.compile(r"[ \t]*([A-Za-z]*[^\sA-Za-z0-9_#][A-Za-z]+)(?=[ \t])")
"""A word with a mark in it, `i<put`: a key that was struck for another."""
_ALIASES = {
    "network": "arch",
    "net": "arch",
    "model": "arch",
    "architecture": "arch",
    "module": "block",
    "def": "block",
    "class": "block",
    "define": "block",
    "function": "block",
    "assert": "expect",
    "var": "let",
    "const": "let",
    "set": "let",
}


def rule(broken: Broken) -> Iterator[Repair]:
    """`Block unit = [ … ]`, `expct params == 3`, `def unit(c) = [ … ]`."""
    lines = [broken.line_start]
    if broken.opens_line and broken.last is not None:
        lines.append(broken.text.rfind("\n", 0, broken.last.start) + 1)
    for line in lines:
        for pattern in (_FIRST, _STRUCK):
            first = pattern.match(broken.text, line)
            if first is not None and first[1] not in broken.keywords:
                yield from _written(broken, first)


def _written(broken: Broken, first: re.Match[str]) -> Iterator[Repair]:
    lower = first[1].lower()
    meant = [lower] if lower in broken.keywords else []
    meant += [word for word in _meant(lower, broken.keywords) if word not in meant]
    for word in meant:
        yield Repair.of(
            Replacement(*first.span(1), word),
            Report(
                WrongWord,
                *first.span(1),
                f"`{first[1]}` is no word of the language",
                f"`{word}` is",
                helps=(f"write `{word}`",),
                safe=lower == word,
            ),
        )


def _meant(word: str, keywords: frozenset[str]) -> list[str]:
    alias = _ALIASES.get(word)
    found = [alias] if alias is not None and alias in keywords else []
    return found + [each for each in similar(word, keywords) if abs(len(each) - len(word)) <= 1 and len(word) > 3]
