"""The shapes of a network as one JSON object."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from archdsl.analysis.summary import Summary
from archdsl.analysis.table import Row
from archdsl.backends.shapes_fields import field_data
from archdsl.formula import formula


def shapes_json(summary: Summary) -> str:
    """Sizes are lists without the batch, `params` and `macs` whole numbers, `layers` the rows in order, one a line.

    What depends on an open size is a string, its formula.
    """
    totals: dict[str, Any] = {
        "network": summary.network,
        "variant": summary.variant,
        "input": summary.input,
        "output": summary.output,
        "params": summary.params,
        "macs": summary.macs,
        "smallest_input": summary.smallest_input,
    }
    if summary.where.symbols:
        totals["where"] = summary.where.text
    if summary.smallest_training_input != summary.smallest_input:
        totals["smallest_training_input"] = summary.smallest_training_input
    if summary.memory is not None:
        totals["memory"] = asdict(summary.memory)
    lines = [f'  "{name}": {_plain(value)},' for name, value in totals.items()]
    layers = ",\n".join(f"    {_plain(_layer(row))}" for row in summary.rows)
    return "\n".join(["{", *lines, '  "layers": [', layers, "  ]", "}"])


def _plain(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=formula)


def _layer(row: Row) -> dict[str, Any]:
    layer = {
        "name": row.name,
        "last": row.last,
        "layer": row.layer,
        "depth": row.depth,
        "branch": row.branch,
        "repeat": row.repeat,
        "input": row.input,
        "output": row.output,
        "params": row.params,
        "macs": row.macs,
    }
    return layer if row.fields is None else {**layer, "receptive_field": field_data(row.fields)}
