"""The parser's automaton over stacks that are shared, so that any earlier point can be taken up again at no cost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any, NamedTuple

from lark import Lark, Token
from lark.lexer import ContextualLexer
from lark.parsers.lalr_analysis import Shift

END = "$END"
NO_TOKEN = ""

_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*|[0-9]+(?:[._][0-9]+)*[A-Za-z0-9_]*|[-=]>|[<>=!]=|.", re.DOTALL)


class Piece(NamedTuple):
    """A token: its terminal (empty for text that is none) and its place in the text."""

    kind: str
    start: int
    end: int


class Cell(NamedTuple):
    """The top of a parser's stack: a state, the symbol that led there with its place, and the stack below."""

    below: Cell | None
    state: int
    kind: str
    start: int
    end: int

    def down(self) -> Iterator[Cell]:
        """This cell and all below it."""
        cell: Cell | None = self
        while cell is not None:
            yield cell
            cell = cell.below


class Automaton:
    """Lark's tables for one start symbol. Nothing is built: only what may follow is asked."""

    def __init__(self, lark: Lark, start: str) -> None:
        table: Any = lark.parser.parser._parse_table
        self._states: dict[int, dict[str, Any]] = table.states
        self._end = table.end_states[start]
        lexer = lark.parser.lexer
        assert isinstance(lexer, ContextualLexer)
        self._lexers: Any = lexer.lexers
        self._terminals = lark.terminals
        self.bottom = Cell(None, table.start_states[start], NO_TOKEN, 0, 0)

    def piece(self, text: str, place: int, cell: Cell) -> Piece:
        """The next token behind a place, as the terminals that may follow a stack make it out."""
        start = after_blank(text, place)
        if start == len(text):
            return Piece(END, start, start)
        lexer = self._lexers[cell.state]
        found: Any = lexer.match(text, start)
        if found is None:
            word = _WORD.match(text, start)
            assert word is not None
            return Piece(NO_TOKEN, start, word.end())
        matched, kind = found
        if kind in lexer.callback:
            kind = lexer.callback[kind](Token(kind, matched)).type
        return Piece(kind, start, start + len(matched))

    def feed(self, cell: Cell, piece: Piece) -> Cell | None:
        """The stack once it has taken a token; None where the token can't stand."""
        top: Cell | None = cell
        while True:
            assert top is not None
            action = self._states[top.state].get(piece.kind)
            if action is None:
                return None
            kind, target = action
            if kind is Shift:
                return Cell(top, target, piece.kind, piece.start, piece.end)
            top = self._reduced(top, target)
            if piece.kind == END and top.state == self._end:
                return top

    def _reduced(self, top: Cell, rule: Any) -> Cell:
        start = end = top.end
        below: Cell | None = top
        for _ in rule.expansion:
            assert below is not None
            start = below.start
            below = below.below
        assert below is not None
        name = rule.origin.name
        return Cell(below, self._states[below.state][name][1], str(name), start, end)

    def takes(self, cell: Cell, kind: str) -> bool:
        """Whether a terminal may stand here at once, without anything being finished first."""
        action = self._states[cell.state].get(kind)
        return action is not None and action[0] is Shift

    def is_place_of_statements(self, cell: Cell) -> bool:
        """Whether any statement may begin here, once what stands before is finished."""
        return all(self.feed(cell, Piece(kind, cell.end, cell.end)) is not None for kind in ("LABEL", "_LET"))

    @cached_property
    def item_words(self) -> frozenset[str]:
        """The terminals that begin an item of a file and can stand in no bracket."""
        here = {kind for kind, action in self._states[self.bottom.state].items() if action[0] is Shift}
        group = self.feed(self.bottom, Piece("LSQB", 0, 0))
        assert group is not None
        inside = {kind for kind in self._states[group.state] if self.takes(group, kind)}
        return frozenset(kind for kind in here - inside if kind.startswith("_") and kind.isupper() and kind != END)

    @cached_property
    def keywords(self) -> frozenset[str]:
        """The words that begin statements and items, such as `block` and `let`."""
        words = {each.name[1:].lower(): str(each.pattern.value) for each in self._terminals if each.name[0] == "_"}
        return frozenset(word for word, pattern in words.items() if pattern.startswith(word))

    def begins_item(self, text: str, start: int) -> Piece | None:
        """The word that begins an item of a file at a place, if one does."""
        lexer = self._lexers[self.bottom.state]
        found: Any = lexer.match(text, start)
        if found is None or found[1] not in self.item_words:
            return None
        return Piece(found[1], start, start + len(found[0]))


def after_blank(text: str, place: int) -> int:
    """The next place that is neither white space nor a comment."""
    blank = _BLANK.match(text, place)
    assert blank is not None
    return blank.end()
