"""Sizes as a paper prints them: `⌊(H−1)/2⌋+1`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from archdsl.symbolic import Apply, Atom, Comparison, Condition, Dim, Expr, Monomial, Symbol


def formula(value: Dim) -> str:
    """A size in mathematical notation, compact: no blanks, a dot for a product."""
    return str(value) if isinstance(value, int) else _sum(value)


def sizes_text(dims: Iterable[Dim]) -> str:
    """Sizes side by side: `64x56x56`, and with more room between formulas, `64 × ⌊H/2⌋ × ⌊W/2⌋`."""
    known = tuple(dims)
    closed = all(isinstance(dim, int) or len(str(dim)) == 1 for dim in known)
    return ("x" if closed else " × ").join(formula(dim) for dim in known)


def _sum(value: Expr) -> str:
    terms = dict(value.terms)
    constant = terms.pop((), 0)
    pieces: list[tuple[bool, str]] = []
    for monomial, factor in terms.items():
        text, extra = _term(monomial, factor)
        constant += extra
        pieces.append((factor < 0, text))
    if constant or not pieces:
        pieces.append((constant < 0, str(abs(constant))))
    pieces.sort(key=lambda piece: piece[0])
    text = ""
    for negative, piece in pieces:
        text += ("−" if negative else "+" if text else "") + piece
    return text


def _term(monomial: Monomial, factor: int) -> tuple[str, int]:
    """A product, and what it adds to the constant of the sum."""
    if abs(factor) == 1 and len(monomial) == 1:
        floor = _floor(monomial[0])
        if floor is not None:
            text, extra = floor
            return text, factor * extra
    factors = [_atom(atom) for atom in monomial]
    number = "" if abs(factor) == 1 and factors else str(abs(factor))
    return number + "·".join(factors), 0


def _floor(atom: Atom) -> tuple[str, int] | None:
    """`⌊(H+3)/4⌋` as `⌊(H−1)/4⌋` and 1: the form in which the padding formula leaves it."""
    if not isinstance(atom, Apply) or atom.op != "//":
        return None
    dividend, divisor = atom.args
    extra = 0
    if isinstance(divisor, int) and isinstance(dividend, Expr):
        rest = dividend.terms.get((), 0)
        if 0 < rest < divisor:
            dividend, extra = dividend - divisor, 1
    above = formula(dividend)
    if isinstance(dividend, Expr) and len(dividend.terms) > 1:
        above = f"({above})"
    below = formula(divisor)
    if isinstance(divisor, Expr) and (len(divisor.terms) > 1 or len(next(iter(divisor.terms))) > 1):
        below = f"({below})"
    return f"⌊{above}/{below}⌋", extra


def _atom(atom: Atom) -> str:
    if isinstance(atom, Symbol):
        return atom.name
    floor = _floor(atom)
    if floor is not None:
        text, extra = floor
        return f"({text}+{extra})" if extra else text
    if atom.op == "if":
        condition, then, otherwise = atom.args
        return f"({_value(then)} if {_value(condition)} else {_value(otherwise)})"
    if atom.op == "%":
        return f"({_value(atom.args[0])} mod {_value(atom.args[1])})"
    return f"{atom.op}({', '.join(_value(each) for each in atom.args)})"


def condition_text(condition: Condition) -> str:
    """A condition on sizes in mathematical notation."""
    if isinstance(condition, Comparison):
        signs = {"==": "=", "!=": "≠", "<=": "≤", ">=": "≥"}
        return f"{formula(condition.left)} {signs.get(condition.op, condition.op)} {formula(condition.right)}"
    return f" {condition.op} ".join(condition_text(part) for part in condition.parts)


def _value(value: Any) -> str:
    return formula(value) if isinstance(value, (int, Expr)) else condition_text(value)
