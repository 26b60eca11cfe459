"""The parser's automaton: which token comes next, and what is done with it.

Lark reads the grammar and makes the tables, once (`archdsl.syntax.tables`). They are followed here, by the parser
and by what reads on behind a mistake, as Lark's own parser and contextual lexer follow them.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from archdsl.syntax.generated_tables import (
    BEGINNINGS,
    BLANK,
    ENDS,
    FIRSTS,
    LEXER_OF,
    LEXERS,
    PATTERNS,
    RULES,
    STATES,
    WORDS,
)

END = "$END"
NO_TOKEN = ""

_BLANK = re.compile(BLANK)
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+(?:[._][0-9]+)*[A-Za-z0-9_]*|[-=]>|[<>=!]=|.", re.DOTALL)


class Piece(NamedTuple):
    """A token: its terminal (empty for text that is none) and its place in the text."""

    kind: str
    start: int
    end: int


@cache
def _pattern(terminal: str) -> re.Pattern[str]:
    # One by one, when they are needed: to compile them all, or all that may stand at a place as one, takes longer
    # than parsing a spec.
    return re.compile(PATTERNS[terminal])


@cache
def _candidates(lexer: int, first: str) -> list[tuple[str, re.Pattern[str], dict[str, str] | None]]:
    """The terminals of a lexer that a text with this first character may begin with, in the order to try them.

    Each is with its pattern, and with the words that it matches and that are terminals of their own.
    """
    terminals, words = LEXERS[lexer]
    names = [name for name in terminals if first in FIRSTS[name]]
    return [(name, _pattern(name), words.get(name)) for name in names]


def after_blank(text: str, place: int) -> int:
    """The next place that is neither white space nor a comment."""
    blank = _BLANK.match(text, place)
    assert blank is not None
    return blank.end()


def match(text: str, start: int, state: int) -> Piece | None:
    """The token at a place, as the terminals that may stand in a state make it out; None where it is none of them."""
    for kind, pattern, words in _candidates(LEXER_OF[state], text[start]):
        found = pattern.match(text, start)
        if found:
            return Piece(words.get(found[0], kind) if words else kind, start, found.end())
    return None


def piece(text: str, place: int, state: int) -> Piece:
    """The next token behind a place."""
    start = after_blank(text, place)
    if start == len(text):
        return Piece(END, start, start)
    found = match(text, start, state)
    if found is None:
        word = _WORD.match(text, start)
        assert word is not None
        return Piece(NO_TOKEN, start, word.end())
    return found


def follow(text: str, start: str, taken: Callable[[Piece], None], ended: Callable[[int], None]) -> bool:
    """Read a text to its end, calling `taken` for each token and `ended` for each rule, in Lark's order.

    Returns whether the text is in the language; if it isn't, reading stops at the first token that can't stand.
    """
    states = [BEGINNINGS[start]]
    token = piece(text, 0, states[-1])
    while True:
        action = STATES[states[-1]].get(token.kind)
        if action is None:
            return False
        if action >= 0:
            states.append(action)
            taken(token)
            token = piece(text, token.end, action)
            continue
        symbol, _, size, _, _ = RULES[~action]
        del states[len(states) - size :]
        states.append(STATES[states[-1]][symbol])
        ended(~action)
        if token.kind == END and states[-1] == ENDS[start]:
            return True


__all__ = [
    "BEGINNINGS",
    "END",
    "ENDS",
    "NO_TOKEN",
    "RULES",
    "STATES",
    "WORDS",
    "Piece",
    "after_blank",
    "follow",
    "match",
    "piece",
]
