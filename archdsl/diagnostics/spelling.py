"""What a misspelt name was meant for: the known names nearest to it.

To compare names takes long beside all else that is done with them, and a text may ask for thousands among
thousands. So the comparisons of one text are counted together, and there are so many and no more: the mistake is
told all the same, only without a guess.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest
from typing import TypedDict

from archdsl.diagnostics.diagnostic import Edit
from archdsl.diagnostics.source import Source, Span
from archdsl.once import once

NEAR = 0.6
"""How alike two names are that may stand for one another: the share of letters in matching runs."""
COMPARED = 5000
"""Comparisons that the guesses of one text may take, one of two long names as many as it has letters to match."""
LOOKED_AT = 500_000
"""Known names that are looked at for one text, by their length alone."""
_LETTERS = 400
"""The letters of one times those of the other that a comparison comes to."""


class Spelling:
    """The guesses in one text, and what they took."""

    def __init__(self) -> None:
        self.compared = 0
        self.looked_at = 0
        self.known: dict[tuple[str, frozenset[str]], tuple[str, ...]] = {}

    def nearest(self, name: str, names: Iterable[str]) -> tuple[str, ...]:
        """The known names nearest to a mistyped one, at most two, best first; none where all was spent."""
        if self.looked_at >= LOOKED_AT or self.compared >= COMPARED:
            return ()
        known = frozenset(names)
        self.looked_at += len(known)
        if (name, known) not in self.known:
            close = self.close(name, known)
            # Capital letters alone make no other name: `ReLU` is nearest to `relu`.
            small = name.lower()
            if small != name and (small in known or not close):
                close = self.close(small, known)
            self.known[name, known] = close
        return self.known[name, known]

    def close(self, name: str, known: frozenset[str]) -> tuple[str, ...]:
        # Only a mistake needs this, and every run would wait for it.
        from difflib import SequenceMatcher

        matcher: SequenceMatcher[str] = SequenceMatcher()
        matcher.set_seq2(name)
        # Those that are as long can be most alike.
        near = sorted((abs(len(each) - len(name)), each) for each in known if _may_be_near(len(name), len(each)))
        found: list[tuple[float, str]] = []
        for _, each in near:
            self.compared += 1 + len(name) * len(each) // _LETTERS
            if self.compared > COMPARED:
                break
            matcher.set_seq1(each)
            if matcher.quick_ratio() >= NEAR and (ratio := matcher.ratio()) >= NEAR:
                found.append((ratio, each))
        return tuple(each for _, each in nlargest(2, found))


def _may_be_near(left: int, right: int) -> bool:
    """Whether names of these lengths can be alike at all."""
    return 2 * min(left, right) >= NEAR * (left + right)


@once
def spelling(source: Source) -> Spelling:
    """The guesses in a text."""
    return Spelling()


def similar(name: str, known: Iterable[str], at: Span | None = None) -> tuple[str, ...]:
    """The known names nearest to a mistyped one, which stands `at` a place of a text; at most two, best first."""
    guesses = spelling(at.source) if at is not None else Spelling()
    return guesses.nearest(name, known)


def similar_help(name: str, known: Iterable[str], what: str, at: Span | None = None) -> list[str]:
    """A help that names what was probably meant, or none."""
    return _help(similar(name, known, at), what)


def _help(found: tuple[str, ...], what: str) -> list[str]:
    if not found:
        return []
    return [f"{what} with a similar name exists: " + " or ".join(f"`{each}`" for each in found)]


class Proposal(TypedDict):
    """What was probably meant, in words and as an edit."""

    helps: list[str]
    fixes: list[Edit]


def proposal(at: Span, name: str, known: Iterable[str], what: str) -> Proposal:
    """A help that names what was probably meant, and the edit that writes the likeliest in its place; or neither."""
    found = similar(name, known, at)
    return {"helps": _help(found, what), "fixes": [Edit(at, found[0])] if found else []}
