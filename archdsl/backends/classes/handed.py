"""Layers handed over to a block, `cbr<conv1x7-192>`: their kernel, stride and padding go to a class as whole values."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from archdsl.diagnostics import ArchError
from archdsl.ir.nodes import Node
from archdsl.ir.values import LayerValue, PathValue, Value
from archdsl.layers.base import keywords
from archdsl.syntax import tree


class PerAxis(tuple[Any, ...]):
    """One number for each axis, which a class takes as one value: a number where all agree, else a tuple."""


def bindings(node: Node) -> tuple[tuple[str, Value], ...]:
    """The names that a node was built with, the layers among them said axis by axis."""
    return tuple((name, axis_by_axis(value, node)) for name, value in node.provenance.bindings)


def axis_by_axis(value: Value, node: Node) -> Value:
    """A layer handed over with its numbers for each axis, so that `conv3-8/2` and `conv1x7-8` are of one kind."""
    if isinstance(value, PathValue):
        inner = tuple((name, axis_by_axis(each, node)) for name, each in value.bindings)
        return replace(value, bindings=inner)
    if not isinstance(value, LayerValue) or node.input.rank == 0:
        return value
    given = dict(value.arguments)
    kind = keywords()[value.keyword]
    if not given.keys() <= kind.model_fields.keys():
        return value
    try:
        axes = kind(**given).axis_by_axis(node.input)  # type: ignore[arg-type]
    except (ValidationError, ArchError):
        # Written for another rank, or completed inside the block.
        return value
    if not axes or (not value.whole and has_default(value.keyword, axes.keys() - given.keys(), node)):
        return value
    others = tuple((field, given[field]) for field in kind.model_fields if field in given and field not in axes)
    whole = tuple((field, PerAxis(each)) for field, each in axes.items())
    return LayerValue(value.keyword, (*others, *whole), value.span, value.whole)


def has_default(keyword: str, fields: AbstractSet[str], node: Node) -> bool:
    """Whether a `default` inside a block says such a field of the layers that are handed over to it."""
    ahead = (said.statement for said in node.provenance.scope.defaults.get(keyword, ()))
    return any(
        argument.name is None or argument.name.text in fields
        for default in (*ahead, *node.provenance.text.walk())
        if isinstance(default, tree.Default) and default.keyword.text == keyword
        for argument in default.call.arguments
    )


def collapsed(axes: tuple[Any, ...]) -> Any:
    """One number where all axes agree, else all of them."""
    return axes[0] if all(each == axes[0] for each in axes) else tuple(axes)
