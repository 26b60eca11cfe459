"""Expressions worked out as Python does it, node by node."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from typing import Any

from archdsl.layers.base import keywords
from archdsl.syntax import tree

from .tensors import Flow
from .values import LayerValue, Place, Refused

SIZES = ("in_channels", "in_depth", "in_height", "in_width")

ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "%": operator.mod,
    "**": operator.pow,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def divisible(value: Any, divisor: int = 8) -> int:
    """MobileNet's rounding: to the nearest multiple, not below nine tenths of the value."""
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": min,
    "max": max,
    "abs": abs,
    "round": round,
    "floor": math.floor,
    "ceil": math.ceil,
    "int": int,
    "len": len,
    "sum": sum,
    "range": lambda *bounds: tuple(range(*bounds)),
    "zip": lambda *lists: tuple(zip(*lists, strict=True)),
    "enumerate": lambda items: tuple(enumerate(items)),
    "divisible": divisible,
}


def evaluate(node: tree.Node, place: Place, x: Flow | None = None) -> Any:
    """The value of an expression at a place where `x` arrives."""

    def inner(child: tree.Node) -> Any:
        return evaluate(child, place, x)

    match node:
        case tree.Literal():
            return node.value
        case tree.Name():
            return _name(node.text, place, x)
        case tree.Binary() | tree.Compare():
            return ARITHMETIC[node.op.text](inner(node.left), inner(node.right))
        case tree.Negative():
            return -inner(node.operand)
        case tree.And():
            return bool(inner(node.left)) and bool(inner(node.right))
        case tree.Or():
            return bool(inner(node.left)) or bool(inner(node.right))
        case tree.Not():
            return not inner(node.operand)
        case tree.IfElse():
            return inner(node.then if inner(node.condition) else node.otherwise)
        case tree.Index():
            return inner(node.operand)[inner(node.index)]
        case tree.Slice():
            start, stop = (inner(each) if each else None for each in (node.start, node.stop))
            return inner(node.operand)[start:stop]
        case tree.Items():
            return tuple(map(inner, node.items))
        case tree.Comprehension():
            return tuple(
                evaluate(node.result, place.bind(unpack(node.names, item)), x) for item in inner(node.iterable)
            )
        case tree.Function():
            values = [(each.name.text if each.name else None, inner(each.value)) for each in node.arguments]
            if node.name.text in FUNCTIONS:
                return FUNCTIONS[node.name.text](*(value for _, value in values))
            return LayerValue(node.name.text, tuple(values))
    raise Refused("bad-expression", type(node).__name__)


def _name(name: str, place: Place, x: Flow | None) -> Any:
    if name in place.names:
        return place.names[name]
    if name in SIZES and x is not None:
        if name == "in_channels":
            return x.channels
        return x.spatial[{"in_width": -1, "in_height": -2, "in_depth": -3}[name]]
    if name in place.blocks:
        return place.blocks[name]
    if name in keywords():
        return LayerValue(name)
    raise Refused("unknown-name", name)


def unpack(names: tuple[tree.Word, ...], item: Any) -> dict[str, Any]:
    """The values of `for a, b in …` for one item."""
    if len(names) == 1:
        return {names[0].text: item}
    return {name.text: value for name, value in zip(names, item, strict=True)}


def text_of(template: tree.Template, place: Place, x: Flow | None) -> str:
    """A label with its holes filled."""
    return "".join(part if isinstance(part, str) else str(evaluate(part, place, x)) for part in template.parts)


def uses(node: tree.Node, *names: str) -> bool:
    """Whether a text says one of these names."""
    return any(isinstance(each, tree.Name) and each.text in names for each in node.walk())
