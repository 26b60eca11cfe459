"""What a rule of `archdsl.syntax.mistakes` sees of a place that can't be read, and what it answers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

from archdsl.diagnostics import Diagnostic
from archdsl.record import record
from archdsl.syntax.automaton import END, Piece
from archdsl.syntax.recovery.stack import Cell

CLOSING = {
    "LSQB": "]",
    "LPAR": ")",
    "_CALL": ")",
    "LBRACE": "}",
    "_GLUED": "}",
    "TIMES_HOLE": "}",
    "MERGE": ">",
}
"""The bracket that closes what a terminal opens."""

_CLOSERS = frozenset({"RSQB", "RPAR", "RBRACE", "MORETHAN"})
_BARS = ("_BAR", "_ENDBAR")


class Replacement(NamedTuple):
    """A stretch of the text, and what is to stand there."""

    start: int
    end: int
    text: str


def left_out(text: str, start: int, end: int) -> Replacement:
    """A stretch left out, with one space where there were two, and one kept where words would run together."""
    before, after = text[start - 1 : start], text[end : end + 1]
    if before in (" ", "\t") and after in (" ", "\t"):
        return Replacement(start, end + 1, "")
    together = re.fullmatch(r"[A-Za-z0-9_)}\]>][A-Za-z0-9_]", before + after)
    return Replacement(start, end, " " if together else "")


@record
class Report:
    """A diagnostic in the making: its places are still those of the text that is being mended."""

    kind: type[Diagnostic]
    start: int
    end: int
    message: str
    label: str = ""
    labels: tuple[tuple[int, int, str], ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    instead: tuple[tuple[Replacement, str], ...] = ()
    """Edits that are offered in place of its own, the likeliest first, each with the help that goes with it."""
    offered: bool = True
    """Whether its edit is what was meant, and not just something that could stand there."""
    safe: bool = False
    """Whether its edit can be made without asking."""
    habit: bool = False
    """Whether it is said once of a file, however often it occurs."""


@record
class Repair:
    """What was meant, perhaps: an edit with which reading may go on, and what is said of it if it does."""

    edit: Replacement
    reports: tuple[Report, ...]

    @classmethod
    def of(cls, edit: Replacement, report: Report) -> Repair:
        return cls(edit, (report,))


Rule = Callable[["Broken"], Iterator[Repair]]


@record
class Broken:
    """A token that can't stand where it does, the parser's stack before it, and the tokens that led there."""

    text: str
    piece: Piece
    cell: Cell
    earlier: Sequence[Piece]
    keywords: frozenset[str]
    """The words of the language that begin a statement."""

    @property
    def start(self) -> int:
        return self.piece.start

    @property
    def word(self) -> str:
        return self.text[self.piece.start : self.piece.end]

    @property
    def at_end(self) -> bool:
        return self.piece.kind == END

    @property
    def last(self) -> Piece | None:
        """The token before."""
        return self.earlier[-1] if self.earlier else None

    @property
    def after_last(self) -> int:
        """The end of the token before."""
        return self.earlier[-1].end if self.earlier else 0

    def word_of(self, piece: Piece | None) -> str:
        return "" if piece is None else self.text[piece.start : piece.end]

    @cached_property
    def line_start(self) -> int:
        return self.text.rfind("\n", 0, self.start) + 1

    @cached_property
    def line_end(self) -> int:
        return line_end(self.text, self.start)

    @property
    def rest(self) -> str:
        """The line from the token on."""
        return self.text[self.start : self.line_end]

    @property
    def ahead(self) -> str:
        """The line up to the token."""
        return self.text[self.line_start : self.start]

    @property
    def line(self) -> str:
        return self.text[self.line_start : self.line_end]

    @property
    def opens_line(self) -> bool:
        return not self.ahead.strip()

    @cached_property
    def open_brackets(self) -> tuple[Cell, ...]:
        """What is open here, the innermost first."""
        return tuple(opened(self.cell))

    @property
    def among_statements(self) -> bool:
        """Whether the innermost bracket holds layers."""
        if self.open_brackets:
            return self.open_brackets[0].kind in ("LSQB", "MERGE")
        return self.row is None or all(cell.kind != "_VARIANTS" for cell in self.cell.down())

    @property
    def in_expression(self) -> bool:
        """Whether values stand here: in braces or round brackets, or in a text that is an expression and no spec."""
        return not self.keywords or any(cell.kind not in ("LSQB", "MERGE") for cell in self.open_brackets)

    @cached_property
    def row(self) -> Cell | None:
        """The bar that opens the row of a table in which the token stands."""
        return open_row(self.cell)


def opened(cell: Cell) -> Iterator[Cell]:
    """The brackets that are open on a stack, the innermost first."""
    closed = 0
    for each in cell.down():
        if each.kind in _CLOSERS:
            closed += 1
        elif each.kind in CLOSING:
            if not closed:
                yield each
            closed = max(0, closed - 1)


def open_row(cell: Cell) -> Cell | None:
    """The first bar of the row that a stack is in the midst of; None outside of rows, and in brackets within."""
    found: Cell | None = None
    bracket = next(opened(cell), None)
    for each in cell.down():
        if each is bracket:
            return None
        if each.kind in ("_TABLE", "_VARIANTS"):
            return found
        if each.kind in _BARS:
            found = each
    return None


def line_end(text: str, place: int) -> int:
    end = text.find("\n", place)
    return len(text) if end < 0 else end


_CODE = re.compile(r'((?:"[^"\n]*"|[^#"\n]|")*?)[ \t\r]*(?:#[^\n]*)?$')


def end_of_code(text: str, place: int) -> int:
    """Where a line's code ends, ahead of a comment and of the blanks before it."""
    start = text.rfind("\n", 0, place) + 1
    found = _CODE.match(text, start, line_end(text, place))
    return line_end(text, place) if found is None else max(place, found.end(1))
