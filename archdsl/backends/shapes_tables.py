"""The shapes of a network as tables for other programs: CSV and Markdown."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from archdsl.analysis.summary import Summary
from archdsl.backends.shapes_fields import NOTE, field_cells
from archdsl.backends.shapes_memory import memory_lines
from archdsl.formula import formula, sizes_text

COLUMNS = ("name", "layer", "repeat", "output", "params", "macs")
FIELD_COLUMNS = ("receptive_field", "stride", "offset")
WHERE_COLUMNS = ("where",)


def shapes_csv(summary: Summary) -> str:
    """A line a row under a line of names, as RFC 4180 has it; without the totals.

    Where its formulas hold stands in each row, as rows are taken apart.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    where = summary.where.text
    writer.writerow(_columns(summary, where))
    writer.writerows((*row, where) if where else row for row in _cells(summary))
    return text.getvalue().rstrip("\n")


def shapes_markdown(summary: Summary) -> str:
    """A table with the totals below it; what would end a cell or become markup is escaped."""
    columns = [_escaped(name) for name in _columns(summary)]
    lines = [f"| {' | '.join(columns)} |", "|---|---|" + "--:|" * (len(columns) - 2)]
    lines += [f"| {' | '.join(_escaped(cell) for cell in row)} |" for row in _cells(summary)]
    totals = f"{formula(summary.params)} parameters, {formula(summary.macs)} MACs (1 MAC = 2 FLOPs)"
    notes = [f"Input {sizes_text(summary.input)}, where {summary.where.text}."] if summary.where.text else []
    notes += [f"Receptive field: {NOTE}"] if summary.receptive is not None else []
    if summary.memory is not None:
        notes += [f"{name.capitalize()}: {value}" for name, value in memory_lines(summary.memory)]
    return "\n\n".join(["\n".join(lines), totals, *notes])


def _columns(summary: Summary, where: str = "") -> tuple[str, ...]:
    columns = COLUMNS if summary.receptive is None else COLUMNS + FIELD_COLUMNS
    return columns + WHERE_COLUMNS if where else columns


def _cells(summary: Summary) -> Iterator[tuple[str, ...]]:
    for row in summary.rows:
        yield (
            row.span,
            row.layer,
            str(row.repeat),
            sizes_text(row.output),
            formula(row.params),
            formula(row.macs),
            *(() if summary.receptive is None else field_cells(row)),
        )


def _escaped(cell: str) -> str:
    for mark in "\\|<>*_`[]":
        cell = cell.replace(mark, f"\\{mark}")
    return cell
