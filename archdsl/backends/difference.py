"""The difference of two networks, as a table for a terminal and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from archdsl.analysis.alignment import Folded, LayerOf, Pair, folded
from archdsl.analysis.cost import Costs
from archdsl.analysis.table import name_range
from archdsl.analysis.where import Where
from archdsl.formula import formula, sizes_text
from archdsl.ir.nodes import Architecture

_MARKS = {"same": " ", "came": "+", "went": "-", "changed": "~"}
_ARROW = " → "


def difference_text(before: Architecture, after: Architecture, pairs: Sequence[Pair]) -> str:
    """A line for each layer that came (`+`), went (`-`) or changed (`~`), and the totals of both; no line end."""
    rows = [("", "name", "layer", "output", "params", "MACs"), *_rows(pairs)]
    widths = [max(len(row[column]) for row in rows if len(row) > 1) for column in range(6)]
    lines = [_line(row, widths) for row in rows] if len(rows) > 1 else []
    heading = f"{_title(before)}{_ARROW}{_title(after)}"
    return "\n".join([heading, "", *lines, *([""] if lines else []), *_totals(before, after, pairs)])


def difference_json(before: Architecture, after: Architecture, pairs: Sequence[Pair]) -> str:
    """One JSON object: both networks with their totals, and every layer with its status, before and after."""
    layers = [{"status": pair.status, "before": _plain(pair.before), "after": _plain(pair.after)} for pair in pairs]
    networks = {"before": _network(before), "after": _network(after)}
    lines = ",\n".join(f"    {_text(layer)}" for layer in layers)
    head = "".join(f'  "{name}": {_text(value)},\n' for name, value in networks.items())
    return f'{{\n{head}  "layers": [\n{lines}\n  ]\n}}'


def _rows(pairs: Sequence[Pair]) -> Iterator[tuple[str, ...]]:
    for status, run in groupby(folded(pairs), key=lambda each: each.first.status):
        found = list(run)
        if status == "same":
            count = sum(each.count for each in found)
            yield (f"  … {count} layer{'s' if count > 1 else ''} as before",)
        else:
            yield from map(_row, found)


def _row(each: Folded) -> tuple[str, ...]:
    first = each.first
    times = f" ×{each.count}" if each.count > 1 else ""
    return (
        _MARKS[first.status],
        _both(*(_range(each, side) for side in ("before", "after"))),
        _both(*(side.layer + times if side else "" for side in (first.before, first.after))),
        _both(*(sizes_text(side.output) if side else "" for side in (first.before, first.after))),
        _both(*(_count(side.params, each.count) if side else "" for side in (first.before, first.after))),
        _both(*(_count(side.macs, each.count) if side else "" for side in (first.before, first.after))),
    )


def _range(each: Folded, side: str) -> str:
    first, last = getattr(each.first, side), getattr(each.last, side)
    if first is None:
        return ""
    if each.count == 1:
        return str(first.name)
    # `layer3.6.conv1` to `layer3.22.conv1` is `layer3.6…22.conv1`.
    ahead, behind = first.name.split("."), last.name.split(".")
    return ".".join(name_range(one, other) for one, other in zip(ahead, behind, strict=True))


def _both(before: str, after: str) -> str:
    if before == after or not after:
        return before
    return f"{before}{_ARROW}{after}" if before else after


def _count(number: Any, times: int) -> str:
    total = number * times
    return f"{total:,}" if isinstance(total, int) and total else "-" if isinstance(total, int) else formula(total)


def _line(row: tuple[str, ...], widths: list[int]) -> str:
    if len(row) == 1:
        return row[0]
    left = "  ".join(cell.ljust(width) for cell, width in zip(row[1:4], widths[1:4], strict=True))
    right = "  ".join(cell.rjust(width) for cell, width in zip(row[4:], widths[4:], strict=True))
    return f"{row[0]:1} {left}  {right}"


def _totals(before: Architecture, after: Architecture, pairs: Sequence[Pair]) -> Iterator[str]:
    counts = {status: sum(pair.status == status for pair in pairs) for status in ("came", "went", "changed")}
    said = ", ".join(f"{number} {status}" for status, number in counts.items() if number)
    yield f"layers      {said or 'all the same'}"
    yield f"output      {_both(str(before.output), str(after.output))}"
    costs = Costs()
    old, new = costs.of(before.body), costs.of(after.body)
    yield f"parameters  {_change(old.params, new.params)}"
    yield f"MACs        {_change(old.macs, new.macs)} (1 MAC = 2 FLOPs)"


def _change(old: Any, new: Any) -> str:
    if old == new or not (isinstance(old, int) and isinstance(new, int)):
        return _both(_figure(old), _figure(new))
    share = f", {(new - old) / old:+.1%}" if old else ""
    return f"{_figure(old)}{_ARROW}{_figure(new)} ({new - old:+,}{share})".replace("-", "−")


def _figure(number: Any) -> str:
    return f"{number:,}" if isinstance(number, int) else formula(number)


def _title(network: Architecture) -> str:
    name = network.name if network.variant is None else f"{network.name} ({network.variant})"
    where = Where(network).text
    return f"{name}, input {sizes_text(network.input.dims)}" + (f", where {where}" if where else "")


def _network(network: Architecture) -> dict[str, Any]:
    cost = Costs().of(network.body)
    return {
        "network": network.name,
        "variant": network.variant,
        "input": network.input.dims,
        "output": network.output.dims,
        "params": cost.params,
        "macs": cost.macs,
    }


def _plain(layer: LayerOf | None) -> dict[str, Any] | None:
    if layer is None:
        return None
    return {
        "name": layer.name,
        "layer": layer.layer,
        "output": layer.output,
        "params": layer.params,
        "macs": layer.macs,
    }


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=formula)
