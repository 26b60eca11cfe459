"""A token with what surrounds it, and the brackets that pieces stand in."""

from __future__ import annotations

from archdsl.syntax.tree import Node

_BARS = ("_BAR", "_ENDBAR")


class Bracket:
    """What stands between two brackets; `kind` says what it holds. The outermost is the file.

    An opened one has its content on lines of its own.
    """

    def __init__(self, kind: str, parent: Bracket | None) -> None:
        self.kind = kind
        self.parent = parent
        self.opened = parent is None
        self.content: list[Piece] = []
        self.closer: Piece | None = None
        self.commas = 0

    @property
    def holds_statements(self) -> bool:
        return self.kind in ("file", "group", "merge")

    @property
    def may_open(self) -> bool:
        """Whether it may be opened without a comment that makes it."""
        return self.holds_statements or self.kind in ("arguments", "parameters", "list", "tuple")


class Piece:
    """A token, or a row of a table, with what stands in front of it.

    `comments` are those on lines of their own in front of it, each with whether a blank line is ahead of it;
    `remark` is the one behind it on its line.
    """

    def __init__(self, kind: str, text: str, start: int, end: int, parent: Bracket) -> None:
        self.kind = kind
        self.text = text
        self.start = start
        self.end = end
        self.parent = parent
        self.comments: list[tuple[bool, str]] = []
        self.remark: str | None = None
        self.newline = False
        self.blank = False
        self.space = ""
        self.begins: Node | None = None
        """The statement or item that begins here."""
        self.opens: Bracket | None = None
        self.closes: Bracket | None = None
        self.cells: list[str] = []

    @property
    def is_bar(self) -> bool:
        return self.kind in _BARS
