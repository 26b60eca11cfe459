"""Stacks of the parser that are shared, so that any earlier point can be taken up again at no cost."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from archdsl.syntax import automaton
from archdsl.syntax.automaton import BEGINNINGS, END, ENDS, NO_TOKEN, RULES, STATES, WORDS, Piece


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


class Stacks:
    """The stacks for one start symbol. Nothing is built: only what may follow is asked."""

    def __init__(self, start: str) -> None:
        self._end = ENDS[start]
        self.bottom = Cell(None, BEGINNINGS[start], NO_TOKEN, 0, 0)

    def feed(self, cell: Cell, piece: Piece) -> Cell | None:
        """The stack once it has taken a token; None where the token can't stand."""
        top: Cell | None = cell
        while True:
            assert top is not None
            action = STATES[top.state].get(piece.kind)
            if action is None:
                return None
            if action >= 0:
                return Cell(top, action, piece.kind, piece.start, piece.end)
            top = self._reduced(top, ~action)
            if piece.kind == END and top.state == self._end:
                return top

    def _reduced(self, top: Cell, rule: int) -> Cell:
        symbol, _, size, _, _ = RULES[rule]
        start = end = top.end
        below: Cell | None = top
        for _ in range(size):
            assert below is not None
            start = below.start
            below = below.below
        assert below is not None
        return Cell(below, STATES[below.state][symbol], symbol, start, end)

    def takes(self, cell: Cell, kind: str) -> bool:
        """Whether a terminal may stand here at once, without anything being finished first."""
        return STATES[cell.state].get(kind, -1) >= 0

    def is_place_of_statements(self, cell: Cell) -> bool:
        """Whether any statement may begin here, once what stands before is finished."""
        return all(self.feed(cell, Piece(kind, cell.end, cell.end)) is not None for kind in ("LABEL", "_LET"))

    @cached_property
    def item_words(self) -> frozenset[str]:
        """The terminals that begin an item of a file and can stand in no bracket."""
        group = self.feed(self.bottom, Piece("LSQB", 0, 0))
        assert group is not None
        return frozenset(
            kind
            for kind in WORDS
            if kind.startswith("_") and self.takes(self.bottom, kind) and not self.takes(group, kind)
        )

    @cached_property
    def keywords(self) -> frozenset[str]:
        """The words that begin statements and items, such as `block` and `let`."""
        return frozenset(word for kind, word in WORDS.items() if kind == "_" + word.upper())

    def begins_item(self, text: str, start: int) -> Piece | None:
        """The word that begins an item of a file at a place, if one does."""
        found = automaton.match(text, start, self.bottom.state) if start < len(text) else None
        return found if found is not None and found.kind in self.item_words else None
