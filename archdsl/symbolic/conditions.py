"""Comparisons of whole numbers that may be unknown, settled where they can be, and what joins them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable
from math import gcd
from typing import Any, Literal

from archdsl.symbolic.expression import Apply, Comparison, Condition, Dim, Expr, Junction, apply, terms

COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}


def compare(op: str, left: Dim, right: Dim) -> Condition | bool:
    """A comparison, settled at once where both sides are numbers or the same expression."""
    if isinstance(left, int) and isinstance(right, int):
        return COMPARISONS[op](left, right)
    if left == right:
        return op in ("==", "<=", ">=")
    difference = left - right
    if isinstance(difference, int):
        return COMPARISONS[op](difference, 0)
    if op in ("==", "!=") and difference.terms.get((), 0) % gcd(*(n for each, n in difference.terms.items() if each)):
        # `2 * s == 1` holds for no whole number.
        return op == "!="
    remainder = _remainder(difference) if op in ("==", "!=") else None
    if remainder is not None:
        return Comparison(op, *remainder)
    if isinstance(left, int):
        return Comparison(_MIRRORED[op], right, left)
    return Comparison(op, left, right)


def negate(condition: Condition | bool) -> Condition | bool:
    """The opposite of a condition."""
    if isinstance(condition, bool):
        return not condition
    if isinstance(condition, Comparison):
        return Comparison(_OPPOSITE[condition.op], condition.left, condition.right)
    parts = [negate(part) for part in condition.parts]
    return disjunction(parts) if condition.op == "and" else conjunction(parts)


def conjunction(parts: Iterable[Condition | bool]) -> Condition | bool:
    """All of the conditions."""
    return _join("and", parts)


def disjunction(parts: Iterable[Condition | bool]) -> Condition | bool:
    """At least one of the conditions."""
    return _join("or", parts)


def choices(value: Dim) -> list[Condition]:
    """The conditions on which an expression is one thing or another, in the order in which they stand."""
    atoms = [atom for monomial in value.terms for atom in monomial] if isinstance(value, Expr) else []
    found: list[Condition] = []
    for atom in atoms:
        if isinstance(atom, Apply):
            found += [atom.args[0]] if atom.op == "if" else []
            found += [condition for each in atom.args for condition in choices(each)]
    return found


def _remainder(difference: Expr) -> tuple[Dim, Dim] | None:
    """`n − d⌊n/d⌋`, whose comparison with 0 is better said as that of a remainder: `k % 2` and 1."""
    for monomial, factor in difference.terms.items():
        atom = monomial[0] if len(monomial) == 1 else None
        if not isinstance(atom, Apply) or atom.op != "//":
            continue
        dividend, divisor = atom.args
        if abs(factor) == divisor and difference == (Expr({monomial: divisor}) - dividend) * (factor // divisor):
            constant = terms(dividend).get((), 0)
            return apply("%", dividend - constant, divisor), -constant % divisor
    return None


def _join(op: Literal["and", "or"], parts: Iterable[Condition | bool]) -> Condition | bool:
    absorbing = op == "or"
    kept: dict[Condition, None] = {}
    for part in parts:
        if isinstance(part, bool):
            if part is absorbing:
                return absorbing
        else:
            inner = part.parts if isinstance(part, Junction) and part.op == op else (part,)
            kept |= dict.fromkeys(inner)
    if not kept:
        return not absorbing
    return next(iter(kept)) if len(kept) == 1 else Junction(op, tuple(kept))
