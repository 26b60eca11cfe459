"""The functions that expressions may call."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

from archdsl.ir.values import is_number
from archdsl.symbolic import Expr, NeedsValue, divisible, maximum, minimum


def _plain(*values: Any) -> None:
    """Refuse what has no single value or is no number."""
    for value in values:
        if isinstance(value, Expr):
            raise NeedsValue(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError


def _extreme(pick: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    def function(*values: Any) -> Any:
        items = list(values[0]) if len(values) == 1 else list(values)
        for item in items:
            if not is_number(item):
                raise TypeError
        if not items:
            raise TypeError
        result = items[0]
        for item in items[1:]:
            if isinstance(result, float) or isinstance(item, float):
                _plain(result, item)
            result = pick(result, item)
        return result

    return function


def _rounding(function: Callable[[Any], int]) -> Callable[[Any], Any]:
    def rounded(value: Any) -> Any:
        if isinstance(value, Expr) and all(s.kind != "float" for m in value.terms for s in m if hasattr(s, "kind")):
            return value
        _plain(value)
        return function(value)

    return rounded


def _range(*bounds: Any) -> tuple[int, ...]:
    _plain(*bounds)
    return tuple(range(*bounds))


def _sum(items: Any) -> Any:
    total: Any = 0
    for item in items:
        if not is_number(item):
            raise TypeError
        total = total + item
    return total


def _absolute(value: Any) -> Any:
    _plain(value)
    return abs(value)


def _divisible(value: Any, divisor: Any = 8) -> Any:
    for each in (value, divisor):
        if not isinstance(each, Expr):
            _plain(each)
    return divisible(value, divisor)


def _number_of(items: Any) -> int:
    if not isinstance(items, (tuple, str)):
        raise TypeError
    return len(items)


def length(name: str, values: list[Any]) -> int:
    """The number of items that a function looks at or makes, told before it is called."""
    if name == "range":
        try:
            _plain(*values)
            return max(0, range(*values).__len__())
        except OverflowError:
            return sys.maxsize
        except (TypeError, ValueError, NeedsValue):
            return 0
    return sum(len(value) for value in values if isinstance(value, (tuple, str)))


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "min": _extreme(lambda a, b: min(a, b) if not isinstance(a, Expr) and not isinstance(b, Expr) else minimum(a, b)),
    "max": _extreme(lambda a, b: max(a, b) if not isinstance(a, Expr) and not isinstance(b, Expr) else maximum(a, b)),
    "abs": _absolute,
    "round": _rounding(round),
    "floor": _rounding(math.floor),
    "ceil": _rounding(math.ceil),
    "int": _rounding(int),
    "len": _number_of,
    "sum": _sum,
    "range": _range,
    "zip": lambda *lists: tuple(zip(*(items_tuple(each) for each in lists), strict=True)),
    "enumerate": lambda items: tuple(enumerate(items_tuple(items))),
    "divisible": _divisible,
}


def items_tuple(value: Any) -> tuple[Any, ...]:
    if not isinstance(value, tuple):
        raise TypeError
    return value
