"""Tables with their columns lined up."""

from __future__ import annotations

import re

from archdsl.diagnostics.columns import columns
from archdsl.formatting.piece import Piece

_NUMBER = re.compile(r"-?[0-9][0-9_.]*([eE][+-]?[0-9]+)?[kMG]?")
_DASHES = re.compile(r":?-+:?")
_SEPARATOR = re.compile(r":-+:?|-+:|-{3,}")


def aligned(rows: list[Piece]) -> None:
    """Set the text of each row of a table; the first is its header.

    A row of one cell spans all columns and makes none wider. Columns of numbers stand to the right, unless
    the colons of a separator row say otherwise, as they do in Markdown.
    """
    count = max(len(row.cells) for row in rows)
    separators = [row for row in rows[1:] if _is_separator(row.cells)]
    body = [row for row in rows if row not in separators]
    for row in body[1:]:
        row.cells = ["-" if _DASHES.fullmatch(cell) else cell for cell in row.cells]
    full = [row.cells for row in body if len(row.cells) > 1 or count == 1]
    stretches = [[cells[column] for cells in full if column < len(cells)] for column in range(count)]
    widths = [max([width(cell) for cell in cells] or [0]) for cells in stretches]
    sides = [_side(cells[1:]) for cells in stretches]
    if separators:
        marks = separators[0].cells
        widths = [max(each, 3) for each in widths]
        sides = [_marked(marks[column]) or side if column < len(marks) else side for column, side in enumerate(sides)]
    for row in rows:
        row.text = _line(row.cells, widths, sides) if row in body else _dashes(row.cells, widths)


def width(text: str) -> int:
    """The columns that a text takes on a terminal."""
    return len(text) if text.isascii() and text.isprintable() else sum(map(columns, text))


def _is_separator(cells: list[str]) -> bool:
    return all(_DASHES.fullmatch(cell) for cell in cells) and any(_SEPARATOR.fullmatch(cell) for cell in cells)


def _side(cells: list[str]) -> str:
    """Where the cells of a column stand: `>` for numbers, else `<`."""
    told = [cell for cell in cells if cell not in ("", "-")]
    return ">" if told and all(_NUMBER.fullmatch(cell) for cell in told) else "<"


def _marked(dashes: str) -> str | None:
    """Where a separator's cell has its column stand, or None where it doesn't say."""
    colons = (dashes.startswith(":"), dashes.endswith(":"))
    return {(True, True): "^", (True, False): "<", (False, True): ">"}.get(colons)


def _line(cells: list[str], widths: list[int], sides: list[str]) -> str:
    if len(cells) == 1:
        sides = ["<"]
    padded = (_padded(*cell) for cell in zip(cells, widths, sides, strict=False))
    return "| " + " | ".join(padded) + " |"


def _padded(text: str, columns: int, side: str) -> str:
    missing = max(columns - width(text), 0)
    left = {"<": 0, ">": missing, "^": missing // 2}[side]
    return " " * left + text + " " * (missing - left)


def _dashes(cells: list[str], widths: list[int]) -> str:
    marks = [
        (":" if cell.startswith(":") else "-") + "-" * columns + (":" if cell.endswith(":") else "-")
        for cell, columns in zip(cells, widths, strict=False)
    ]
    return "|" + "|".join(marks) + "|"
