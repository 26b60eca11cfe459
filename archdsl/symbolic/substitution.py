"""Other values for the symbols of an expression or condition, and choices between two expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from archdsl.symbolic.conditions import compare, conjunction, disjunction
from archdsl.symbolic.expression import (
    Apply,
    Atom,
    Comparison,
    Condition,
    Dim,
    Expr,
    Junction,
    Monomial,
    Symbol,
    apply,
    divisible,
    floor_divide,
    maximum,
    minimum,
    plain,
    total,
    without,
)


def choose(condition: Condition | bool, then: Dim, otherwise: Dim) -> Dim:
    """`then` where the condition holds, else `otherwise`; one of them where both are equal."""
    if isinstance(condition, bool):
        return then if condition else otherwise
    if isinstance(condition, Comparison) and condition.op in ("==", "!="):
        # `h * t if t != 1 else h` is `h * t` in both cases.
        everywhere, special = (then, otherwise) if condition.op == "!=" else (otherwise, then)
        name = _lone_symbol(condition.left)
        if name is not None and substitute(everywhere, {name: condition.right}) == special:
            return everywhere
    return then if then == otherwise else apply("if", condition, then, otherwise)


def substitute(value: Any, values: Mapping[str, Dim]) -> Any:
    """An expression or condition with symbols replaced, simplified afresh; other values are kept."""
    if isinstance(value, Expr):
        return total(_product(monomial, factor, values) for monomial, factor in value.terms.items())
    if isinstance(value, Comparison):
        return compare(value.op, substitute(value.left, values), substitute(value.right, values))
    if isinstance(value, Junction):
        joined = conjunction if value.op == "and" else disjunction
        return joined(substitute(part, values) for part in value.parts)
    if isinstance(value, tuple):
        return tuple(substitute(each, values) for each in value)
    return value


def substitute_monomial(value: Dim, monomial: Monomial, number: int) -> Dim:
    """`value` with a product of symbols (say `s1 * s2`) taken to be a number."""
    if isinstance(value, int):
        return value
    kept = ((atoms, factor, without(atoms, monomial)) for atoms, factor in value.terms.items())
    return total(plain({atoms: factor} if rest is None else {rest: factor * number}) for atoms, factor, rest in kept)


def operations(value: Any) -> set[str]:
    """The operations without polynomial form in an expression or condition."""
    if isinstance(value, Expr):
        return {op for monomial in value.terms for atom in monomial for op in operations(atom)}
    if isinstance(value, Apply):
        return {value.op, *(op for each in value.args for op in operations(each))}
    if isinstance(value, Comparison):
        return operations(value.left) | operations(value.right)
    if isinstance(value, Junction):
        return {op for part in value.parts for op in operations(part)}
    if isinstance(value, tuple):
        return {op for each in value for op in operations(each)}
    return set()


def _lone_symbol(value: Dim) -> str | None:
    """The name of a symbol that is a whole expression, else None."""
    if isinstance(value, Expr) and len(value.terms) == 1:
        ((monomial, factor),) = value.terms.items()
        if factor == 1 and len(monomial) == 1 and isinstance(monomial[0], Symbol) and monomial[0].kind != "float":
            return monomial[0].name
    return None


def _product(monomial: Monomial, factor: int, values: Mapping[str, Dim]) -> Dim:
    product: Dim = factor
    for atom in monomial:
        product = product * _substitute_atom(atom, values)
    return product


def _substitute_atom(atom: Atom, values: Mapping[str, Dim]) -> Dim:
    if isinstance(atom, Symbol):
        replacement = values.get(atom.name)
        return Expr({(atom,): 1}) if replacement is None else replacement
    args = [substitute(each, values) for each in atom.args]
    return OPERATIONS[atom.op](*args)


OPERATIONS: dict[str, Callable[..., Dim]] = {
    "//": floor_divide,
    "%": lambda left, right: left % right,
    "min": minimum,
    "max": maximum,
    "if": choose,
    "divisible": divisible,
}
