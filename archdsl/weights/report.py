"""A fit as text: what went where."""

from __future__ import annotations

from archdsl.diagnostics.columns import safe
from archdsl.weights.fitting import Fit
from archdsl.weights.layouts import Shape


def fit_text(fit: Fit) -> str:
    """A table of what went where, the summary and the remarks. Ends without a line end."""
    rows: list[tuple[str, ...]] = [("network", "file", "shape", "by")]
    for each in fit.placed:
        by = each.by if not each.conversion.description else f"{each.by}, {each.conversion.description}"
        rows.append((each.needed.name, each.found, sizes(each.needed.shape), by))
    rows += [(tensor.name, "-", sizes(tensor.shape), "new") for tensor in fit.new]
    rows += [(tensor.name, "-", sizes(tensor.shape), "zero") for tensor in fit.zeroed]
    rows += [(tensor.name, "-", sizes(tensor.shape), "missing") for tensor in fit.missing]
    rows += [("-", tensor.name, sizes(tensor.shape), "surplus") for tensor in fit.surplus]
    rows += [
        (each.needed.name, each.found, f"{sizes(each.needed.shape)} ≠ {sizes(each.shape)}", "another shape")
        for each in fit.mismatched
    ]
    rows += [("-", name, "", "left out") for name in fit.dropped]
    return "\n".join([aligned(rows), "", fit_summary(fit)])


def fit_summary(fit: Fit) -> str:
    """The number of tensors that have their place, and the remarks below it."""
    return "\n".join([fit.summary, *(f"note: {safe(remark)}" for remark in fit.remarks)])


def sizes(shape: Shape) -> str:
    """A shape as text: `64×3×7×7`."""
    return "×".join(map(str, shape)) or "-"


def aligned(rows: list[tuple[str, ...]]) -> str:
    """Columns of text, characters that would disturb a terminal made visible."""
    shown = [tuple(safe(cell) for cell in row) for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*shown, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in shown
    )
