"""The shapes of a network as an aligned table for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.analysis.summary import Summary
from archdsl.analysis.table import Row
from archdsl.backends.shapes_fields import NOTE, field_cells
from archdsl.backends.shapes_memory import memory_lines
from archdsl.formula import formula, sizes_text
from archdsl.shape import Dim
from archdsl.symbolic import Expr

HEADER = ("name", "layer", "output", "params", "MACs")
_FIELD = ("field", "stride", "offset")
_LEFT = 2
"""How many columns are aligned to the left."""


def shapes_text(summary: Summary, explain: bool = False) -> str:
    """A line a row, indented by block; a bar begins each further branch of a merge. Ends without a line end.

    With `explain`, the arithmetic of its sizes stands below each layer that slides a window.
    """
    title = summary.network if summary.variant is None else f"{summary.network} ({summary.variant})"
    where = f", where {summary.where.text}" if summary.where.text else ""
    parts = [f"{title}, input {sizes_text(summary.input)}{where}", "", *_table(summary, explain), ""]
    totals = [
        ("output", sizes_text(summary.output)),
        ("parameters", _parameters(summary)),
        ("MACs", f"{_count(summary.macs)} (1 MAC = 2 FLOPs)"),
        ("smallest input", _smallest_input(summary)),
    ]
    if summary.receptive is not None:
        totals.append(("field", NOTE))
    if summary.memory is not None:
        totals += memory_lines(summary.memory)
    return "\n".join([*parts, *(f"{name:<14}  {value}" for name, value in totals)])


def _table(summary: Summary, explain: bool) -> Iterator[str]:
    rows = [HEADER, *map(_cells, summary.rows)]
    if summary.receptive is not None:
        more = [_FIELD, *map(field_cells, summary.rows)]
        rows = [(*row, *cells) for row, cells in zip(rows, more, strict=True)]
    header, *lines = _aligned(rows)
    yield header
    for row, line in zip(summary.rows, lines, strict=True):
        yield line
        if explain:
            yield from (f"{'  ' * (row.depth + 1)}{text}" for text in row.arithmetic)


def _cells(row: Row) -> tuple[str, ...]:
    bar = "| " if row.branch else ""
    times = f" ×{row.repeat:,}" if row.repeat > 1 else ""
    return (
        "  " * (row.depth - 1) + row.span,
        f"{bar}{row.layer}{times}",
        sizes_text(row.output),
        _count(row.params),
        _count(row.macs),
    )


def _parameters(summary: Summary) -> str:
    total, inference = summary.params, summary.inference_params
    return _count(total) + (f" ({_count(inference)} without auxiliary outputs)" if inference != total else "")


def _smallest_input(summary: Summary) -> str:
    evaluation, training = summary.smallest_input, summary.smallest_training_input

    def sizes(side: int | None) -> str:
        return "none" if side is None else sizes_text((summary.input[0], *[side] * (len(summary.input) - 1)))

    return sizes(evaluation) + (f" ({sizes(training)} in training)" if training != evaluation else "")


def _count(number: Dim) -> str:
    if isinstance(number, Expr):
        return formula(number)
    return f"{number:,}" if number else "-"


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.ljust(width) if number < _LEFT else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()
