"""Receptive fields as cells of a table, which every table of shapes has in the same words."""

from __future__ import annotations

from typing import Any

from archdsl.analysis.receptive_field import Field, Fields
from archdsl.analysis.table import Row

NOTE = "in pixels of the input; offset: the first that place 0 sees, negative in the padding"


def field_cells(row: Row) -> tuple[str, str, str]:
    """Size, stride and offset: one number if all axes agree, else one an axis, `3x7`.

    The size may be the `whole` image, or `unknown` where it depends on an open one.
    """
    found = row.fields or ()
    return (
        _cell([str(each.size) if isinstance(each, Field) else each.value for each in found]),
        _cell([str(each.stride) if isinstance(each, Field) else "-" for each in found]),
        _cell([str(each.offset) if isinstance(each, Field) else "-" for each in found]),
    )


def field_data(fields: Fields) -> list[Any]:
    """For each axis of the input an object, or the word for what no window tells."""
    return [
        {"size": each.size, "stride": _number(each), "offset": each.offset} if isinstance(each, Field) else each.value
        for each in fields
    ]


def _number(field: Field) -> int | str:
    return field.stride.numerator if field.stride.denominator == 1 else str(field.stride)


def _cell(words: list[str]) -> str:
    return "x".join(words[:1] if len(set(words)) == 1 else words) or "-"
