"""How expressions of one unknown number grow with it: in one direction, and about as fast as which line."""

from __future__ import annotations

from fractions import Fraction
from math import lcm
from typing import Any

from archdsl.record import record
from archdsl.symbolic.evaluation import value_at
from archdsl.symbolic.expression import Apply, Atom, Dim, Expr, Monomial, Symbol, symbols


def direction(value: Dim) -> int | None:
    """1 for what never falls as its one unknown number grows from 1, −1 for what never rises, 0 for a constant.

    None where neither is plain to see.
    """
    if isinstance(value, int):
        return 0
    found: set[int] = set()
    for monomial, factor in value.terms.items():
        way = _product(monomial)
        if way is None:
            return None
        found.add(way if factor > 0 else -way)
    found.discard(0)
    return None if len(found) > 1 else found.pop() if found else 0


def _product(monomial: Monomial) -> int | None:
    ways = [_atom(atom) for atom in monomial]
    if len(ways) < 2:
        return ways[0] if ways else 0
    # What rises from at least 0 rises when multiplied by its like.
    if any(way not in (0, 1) for way in ways):
        return None
    least = {each.name: 1 for each in symbols(*monomial)}
    return 1 if all(value_at(Expr({(atom,): 1}), least) >= 0 for atom in monomial) else None


def _atom(atom: Atom) -> int | None:
    if isinstance(atom, Symbol):
        return 1
    if atom.op == "//" and isinstance(atom.args[1], int):
        way = direction(atom.args[0])
        return way if way is None or atom.args[1] > 0 else -way
    if atom.op in ("min", "max"):
        ways = {direction(each) for each in atom.args} - {0}
        return None if len(ways) > 1 else ways.pop() if ways else 0
    return None


@record
class Line:
    """A line with a strip around it that a value never leaves: `slope·n + low ≤ value ≤ slope·n + high`.

    The value less the line is the same again after `period`.
    """

    slope: Fraction
    low: Fraction
    high: Fraction
    period: int

    def plus(self, other: Line) -> Line:
        period = lcm(self.period, other.period)
        return Line(self.slope + other.slope, self.low + other.low, self.high + other.high, period)

    def times(self, factor: Fraction) -> Line:
        low, high = sorted((self.low * factor, self.high * factor))
        return Line(self.slope * factor, low, high, self.period)


def line(value: Any) -> Line | None:
    """The line about which an expression of one unknown number runs; None for a product or a choice."""
    if isinstance(value, int):
        return Line(Fraction(0), Fraction(value), Fraction(value), 1)
    if not isinstance(value, Expr):
        return None
    total = Line(Fraction(0), Fraction(0), Fraction(0), 1)
    for monomial, factor in value.terms.items():
        found = line(1) if not monomial else _line(monomial[0]) if len(monomial) == 1 else None
        if found is None:
            return None
        total = total.plus(found.times(Fraction(factor)))
    return total


def _line(atom: Atom) -> Line | None:
    if isinstance(atom, Symbol):
        return Line(Fraction(1), Fraction(0), Fraction(0), 1)
    if atom.op in ("//", "%"):
        return _divided(atom)
    if atom.op in ("min", "max"):
        one, other = (line(each) for each in atom.args)
        if one is None or other is None or one.slope != other.slope:
            return None
        pick = min if atom.op == "min" else max
        return Line(one.slope, pick(one.low, other.low), pick(one.high, other.high), lcm(one.period, other.period))
    return None


def _divided(atom: Apply) -> Line | None:
    dividend, divisor = line(atom.args[0]), atom.args[1]
    if dividend is None or not isinstance(divisor, int) or divisor <= 0:
        return None
    # The dividend moves by slope · period in a period, and its rest comes back once that is a multiple of the divisor.
    step = dividend.slope * dividend.period
    period = dividend.period * (Fraction(divisor) / step).numerator if step else dividend.period
    if atom.op == "%":
        return Line(Fraction(0), Fraction(0), Fraction(divisor - 1), period)
    scaled = dividend.times(Fraction(1, divisor))
    return Line(scaled.slope, scaled.low - Fraction(divisor - 1, divisor), scaled.high, period)
