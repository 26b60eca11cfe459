"""What a number is that differs from place to place: a formula of what is known in each of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archdsl.backends.spec.text import literal

Column = Sequence[Any]
"""What a number is in each of some places."""


def formula_of(values: Column, known: Mapping[str, Column]) -> str | None:
    """The plainest expression that gives the values, of names and what they are in the same places; None for none."""
    return next(_formulas(values, known), None)


def _formulas(values: Column, known: Mapping[str, Column]) -> Iterator[str]:
    if _same(values, [values[0]] * len(values)):
        yield literal(values[0])
        return
    for name, column in known.items():
        if _same(values, column):
            yield name
    whole = {name: column for name, column in known.items() if all(map(_is_whole, column))}
    if not all(map(_is_whole, values)):
        return
    for name, column in whole.items():
        if factor := _factor(column, values):
            yield f"{factor} * {name}"
        if factor := _factor(values, column):
            yield f"{name} // {factor}"
    for name, column in whole.items():
        (difference, *others) = {a - b for a, b in zip(values, column, strict=True)}
        if not others:
            yield _more(name, difference)
    for place, (name, column) in enumerate(whole.items()):
        for other, more in [*whole.items()][place:]:
            pairs = list(zip(column, more, strict=True))
            if _same(values, [a * b for a, b in pairs]):
                yield f"{name} * {other}"
            if _same(values, [a + b for a, b in pairs]):
                yield f"{name} + {other}"
    for name, column in whole.items():
        steps = {(b - d, a - c) for a, b, c, d in zip(values, column, values[1:], column[1:], strict=False)}
        slopes = {rise // run for run, rise in steps if run and rise % run == 0}
        if len(slopes) == 1:
            (slope,) = slopes
            (offset, *others) = {a - slope * b for a, b in zip(values, column, strict=True)}
            if others or slope < 1:
                continue
            if offset % slope == 0 and slope > 1:
                yield f"{slope} * ({_more(name, offset // slope)})"
            else:
                yield _more(f"{slope} * {name}", offset)


def _more(expression: str, number: int) -> str:
    return f"{expression} + {number}" if number > 0 else f"{expression} - {-number}"


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _same(values: Column, others: Column) -> bool:
    return all(type(a) is type(b) and a == b for a, b in zip(values, others, strict=True))


def _factor(small: Column, large: Column) -> int | None:
    """By which number above one all of some numbers are multiplied in others."""
    factors = {b // a if a and b % a == 0 else 0 for a, b in zip(small, large, strict=True)}
    return next(iter(factors)) if len(factors) == 1 and min(factors) > 1 else None
