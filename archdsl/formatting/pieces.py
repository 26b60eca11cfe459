"""A spec as pieces: its tokens with what surrounds them, which is all that a style decides about.

Spacing and line breaks are decided on tokens, so that nothing that is written can get lost. The tree adds what
tokens don't say: where a statement begins, and which have a label. A new statement needs no word here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from archdsl.formatting.piece import Bracket, Piece
from archdsl.formatting.spacing import space
from archdsl.formatting.table import aligned
from archdsl.syntax.tokens import tokens
from archdsl.syntax.tree import File, Group, LabelledTable, Node, Parameters, Statement

ROW = "ROW"
END = "END"
SIGN = "SIGN"
LABEL_SPACE = "  "

_CLOSERS = ("RSQB", "RPAR", "RBRACE", "MORETHAN")
_TEMPLATES = ("LABEL", "REFERENCE", "DIMS")
_HOLE = re.compile(r"\{([^{}\n]*)\}")
# Behind one of these a minus is a minus; elsewhere it is a sign.
_OPERANDS = ("NAME", "NUMBER", "STRING", "RSQB", "RPAR", "TRUE", "FALSE")


class _Places:
    """What the tree says of places: where statements, groups and parameters begin, where labelled ones end."""

    def __init__(self, file: File) -> None:
        self.beginnings: dict[int, Node] = {}
        self.labelled_ends: set[int] = set()
        self.groups: set[int] = set()
        self.parameters: set[int] = set()
        pending: list[Any] = [file]
        while pending:
            node = pending.pop()
            if isinstance(node, tuple):
                pending += node
                continue
            if not isinstance(node, Node):
                continue
            if isinstance(node, (File, Group)):
                self.beginnings |= {item.span.start: item for item in node.items}
            if isinstance(node, Group):
                self.groups.add(node.span.start)
            elif isinstance(node, Parameters):
                self.parameters.add(node.span.start)
            elif has_label(node):
                self.labelled_ends.add(node.span.end)
            pending += [getattr(node, name) for name in node.field_names]


def has_label(node: Node | None) -> bool:
    """Whether it is a statement under a label."""
    return isinstance(node, (Statement, LabelledTable)) and node.label is not None


def pieces(file: File) -> list[Piece]:
    """The pieces of a spec in order, the last of them an empty one for its end."""
    text = file.source.text
    places = _Places(file)
    root = Bracket("file", None)
    found = _bracketed(text, "start", root, places)
    found.append(Piece(END, "", len(text), len(text), root))
    _surround(found, text)
    _space(found, places)
    found = list(_with_rows(found))
    for piece in found:
        piece.parent.content.append(piece)
    return found


def _bracketed(text: str, start: str, root: Bracket, places: _Places | None = None) -> list[Piece]:
    """A piece for each token, in its bracket."""
    found: list[Piece] = []
    inside = root
    for token in tokens(text, start):
        kind, at, end = token
        before = found[-1].kind if found else ""
        if kind == "MINUS" and before not in _OPERANDS:
            kind = SIGN
        piece = Piece(kind, text[at:end], at, end, inside)
        if kind in _CLOSERS and inside.parent is not None:
            if inside.kind == "brackets" and inside.commas:
                inside.kind = "tuple"
            inside.closer, piece.closes = piece, inside
            piece.parent = inside = inside.parent
        if places is not None and at in places.beginnings:
            piece.begins = places.beginnings[at]
        found.append(piece)
        inside.commas += kind == "COMMA"
        opened = _opened(kind, at, before, places)
        if opened:
            piece.opens = inside = Bracket(opened, inside)
        if kind in _TEMPLATES:
            piece.text = _template(piece.text)
        elif kind == "_COLON" and before == "STRING":
            found[-2].text = _template(found[-2].text)
        elif kind in ("TIMES", "TIMES_HOLE"):
            piece.text = "x" + piece.text[1:].strip()
    return found


def _opened(kind: str, at: int, before: str, places: _Places | None) -> str | None:
    """What the bracket that a token opens holds, or None for a token that opens none."""
    if kind == "LSQB":
        if places is not None and at in places.groups:
            return "group"
        return "index" if before in _OPERANDS else "list"
    if kind == "LPAR":
        if places is not None and at in places.parameters:
            return "parameters"
        return "arguments" if before == "NAME" else "brackets"
    return {"MERGE": "merge", "_CALL": "arguments", "LBRACE": "hole", "_GLUED": "hole", "TIMES_HOLE": "hole"}.get(kind)


def _template(text: str) -> str:
    """A label, reference or size with its holes spaced as expressions are."""

    def spaced(hole: re.Match[str]) -> str:
        inner = _bracketed(hole[1], "expression", Bracket("hole", None))
        _space(inner, None)
        return "{" + flat(inner) + "}"

    return _HOLE.sub(spaced, text) if "{" in text else text


def flat(found: list[Piece]) -> str:
    """Pieces on one line, without the space ahead of the first."""
    return "".join(piece.space + piece.text for piece in found)[len(found[0].space) if found else 0 :]


def _surround(found: list[Piece], text: str) -> None:
    """Give each piece the comments and line ends that stand in front of it."""
    end = 0
    before: Piece | None = None
    for piece in found:
        lines = text[end : piece.start].split("\n")
        first = lines[0].strip()
        if first and before is not None:
            before.remark = first
        elif first:
            piece.comments.append((False, first))
        blank = False
        for line in lines[1:-1]:
            comment = line.strip()
            if comment:
                piece.comments.append((blank, comment))
            blank = not comment
        last = lines[-1].strip() if len(lines) > 1 else ""
        if last:
            # Only at the end of the text does a comment stand with nothing behind it on its line.
            piece.comments.append((blank, last))
        piece.blank = blank
        piece.newline = len(lines) > 1
        end, before = piece.end, piece


def _space(found: list[Piece], places: _Places | None) -> None:
    """Give each piece the space that is ahead of it where it stands on the line of the one before."""
    for left, right in pairwise(found):
        right.space = space(left, right)
        if places is None or right.begins is None or left.is_bar or not right.space:
            continue
        # A label names one statement; the wider space shows where that ends.
        if has_label(right.begins) or left.end in places.labelled_ends:
            right.space = LABEL_SPACE


def _with_rows(found: list[Piece]) -> Iterator[Piece]:
    """The pieces with one for each row of a table in place of all that stand in it."""
    rows: list[Piece] = []
    pending = iter(found)
    for piece in pending:
        if not piece.is_bar or piece.parent.kind == "merge":
            if rows:
                aligned(rows)
                rows = []
                piece.newline = True
            yield piece
            continue
        row = Piece(ROW, "", piece.start, piece.end, piece.parent)
        row.newline = True
        row.comments = [(False, text) for _, text in piece.comments]
        cell: list[Piece] = []
        while True:
            if piece.remark is not None:
                # What is said inside of a row goes ahead of it, and what is said behind it stays there.
                row.comments.append((False, piece.remark))
            piece = next(pending)
            row.comments += [(False, text) for _, text in piece.comments]
            if not piece.is_bar or piece.parent is not row.parent:
                cell.append(piece)
                continue
            row.cells.append(flat(cell))
            cell = []
            if piece.kind == "_ENDBAR":
                break
        row.end, row.remark = piece.end, piece.remark
        rows.append(row)
        yield row
