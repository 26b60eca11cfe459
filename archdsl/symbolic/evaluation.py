"""What an expression or condition is where every symbol has a number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archdsl.symbolic.conditions import COMPARISONS
from archdsl.symbolic.expression import Apply, Atom, Comparison, Expr, Symbol
from archdsl.symbolic.substitution import OPERATIONS


def value_at(value: Any, numbers: Mapping[str, int]) -> Any:
    """The number or truth of an expression or condition; raises ZeroDivisionError where it has none.

    It says what `substitute` says, without making anything on the way.
    """
    if isinstance(value, Expr):
        total = 0
        for monomial, factor in value.terms.items():
            for atom in monomial:
                factor *= _atom(atom, numbers)
            total += factor
        return total
    if isinstance(value, Comparison):
        return COMPARISONS[value.op](value_at(value.left, numbers), value_at(value.right, numbers))
    if isinstance(value, (int, float)):
        return value
    parts = (value_at(part, numbers) for part in value.parts)
    return all(parts) if value.op == "and" else any(parts)


def _atom(atom: Atom, numbers: Mapping[str, int]) -> Any:
    if isinstance(atom, Symbol):
        return numbers[atom.name]
    return _operation(atom, numbers)


def _operation(atom: Apply, numbers: Mapping[str, int]) -> Any:
    if atom.op == "if":
        condition, then, otherwise = atom.args
        return value_at(then if value_at(condition, numbers) else otherwise, numbers)
    return OPERATIONS[atom.op](*(value_at(each, numbers) for each in atom.args))
