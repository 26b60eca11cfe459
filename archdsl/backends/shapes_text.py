"""The shapes of a network as an aligned table for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archdsl.analysis.summary import Summary
from archdsl.analysis.table import Row

HEADER = ("name", "layer", "output", "params", "MACs")
_RIGHT = (False, False, True, True, True)


def shapes_text(summary: Summary) -> str:
    """A line a row, indented by block; a bar begins each further branch of a merge. Ends without a line end."""
    title = summary.network if summary.variant is None else f"{summary.network} ({summary.variant})"
    parts = [f"{title}, input {_sizes(summary.input)}", "", *_aligned([HEADER, *map(_cells, summary.rows)]), ""]
    smallest = summary.smallest_input
    totals = [
        ("output", _sizes(summary.output)),
        ("parameters", f"{summary.params:,}"),
        ("MACs", f"{summary.macs:,} (1 MAC = 2 FLOPs)"),
        (
            "smallest input",
            "none" if smallest is None else _sizes((summary.input[0], *[smallest] * (len(summary.input) - 1))),
        ),
    ]
    return "\n".join([*parts, *(f"{name:<14}  {value}" for name, value in totals)])


def _cells(row: Row) -> tuple[str, ...]:
    bar = "| " if row.branch else ""
    times = f" ×{row.repeat:,}" if row.repeat > 1 else ""
    return (
        "  " * (row.depth - 1) + row.span,
        f"{bar}{row.layer}{times}",
        _sizes(row.output),
        _count(row.params),
        _count(row.macs),
    )


def _count(number: int) -> str:
    return f"{number:,}" if number else "-"


def _sizes(sizes: Iterable[int]) -> str:
    return "x".join(map(str, sizes))


def _aligned(rows: list[tuple[str, ...]]) -> Iterator[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(row, widths, _RIGHT, strict=True)
        )
        yield "  ".join(cells).rstrip()
