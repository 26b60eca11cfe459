"""For which whole numbers from 1 conditions on one unknown number hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import ceil, floor, lcm

from archdsl.record import record
from archdsl.symbolic.evaluation import value_at
from archdsl.symbolic.expression import Comparison, Condition, Dim
from archdsl.symbolic.growth import direction, line

FARTHEST = 1 << 40
"""Sizes beyond this are none that anything has."""
LONGEST = 1 << 17
"""The longest stretch of numbers that are tried one by one."""


class TooFar(Exception):
    """More numbers would have to be tried than anybody waits for."""


@record
class Solutions:
    """Those from `low` to `high` for which `rest` holds, which from `regular` on comes again after `period`.

    Nothing holds at all where `high` is below `low`; None for `high` is no bound, and None for `period` that it isn't
    known to come again.
    """

    symbol: str
    low: int
    high: int | None
    rest: tuple[Condition, ...]
    regular: int
    period: int | None

    def holds(self, number: int) -> bool:
        inside = self.low <= number and (self.high is None or number <= self.high)
        return inside and self.rest_holds(number)

    def rest_holds(self, number: int) -> bool:
        try:
            return all(value_at(each, {self.symbol: number}) for each in self.rest)
        except ZeroDivisionError:
            return False

    def least(self) -> int | None:
        """The least of them. Raises TooFar where it isn't among those that can be tried, and may yet exist."""
        return next(self.tried(), None)

    def tried(self) -> Iterator[int]:
        """Those up to where everything comes again. Raises TooFar behind a stretch that is too long."""
        if not self.rest:
            yield from (self.low,) if self.high is None or self.low <= self.high else ()
            return
        end = None if self.period is None else max(self.low, self.regular) + self.period
        if self.high is not None:
            end = self.high + 1 if end is None else min(end, self.high + 1)
        stop = self.low + LONGEST
        yield from filter(self.rest_holds, range(self.low, stop if end is None else min(end, stop)))
        if end is None or end > stop:
            raise TooFar


def solutions(conditions: Iterable[Condition], symbol: str) -> Solutions:
    """The numbers from 1 for which all conditions on `symbol` hold, which have no other symbol.

    What only rises or falls holds up to a number or from one on, which is found by halving. What runs along a line
    (a size less another: `2⌊H/2⌋ − H`) is decided far from where the line meets 0, and along a level one comes again.
    """
    low, high, regular = 1, FARTHEST, 1
    period: int | None = 1
    rest: list[Condition] = []
    for condition in conditions:
        reach = _reach(condition, symbol)
        if reach is None:
            rest.append(condition)
            period = None
            continue
        low, high = max(low, reach.low), min(high, reach.high)
        if not reach.exact:
            rest.append(condition)
            regular = max(regular, reach.regular)
            period = None if period is None else lcm(period, reach.period)
    return Solutions(symbol, low, None if high == FARTHEST else high, tuple(rest), regular, period)


@record
class _Reach:
    """Outside of which numbers a condition fails for certain, and from which on it comes again after a period."""

    low: int = 1
    high: int = FARTHEST
    exact: bool = True
    """Whether it holds for all in between."""
    regular: int = 1
    period: int = 1


def _reach(condition: Condition, symbol: str) -> _Reach | None:
    if not isinstance(condition, Comparison):
        parts = [_reach(part, symbol) for part in condition.parts]
        if None in parts:
            return None
        known = [part for part in parts if part is not None]
        # Far enough on each part is periodic, or settled.
        ends = [part.high + 1 for part in known if part.high != FARTHEST]
        regular = max(*(part.regular for part in known), *(part.low for part in known), *ends)
        return _Reach(exact=False, regular=regular, period=lcm(*(part.period for part in known)))
    difference = condition.left - condition.right
    way = direction(difference)
    if way and condition.op != "!=":
        return _between(condition.op, difference if way > 0 else -difference, way, symbol)
    return _along(condition.op, difference)


_MIRRORED = {">=": "<=", ">": "<", "<=": ">=", "<": ">", "==": "=="}


def _between(op: str, rising: Dim, way: int, symbol: str) -> _Reach:
    """Where what rises compares with 0, of which the mirror image was asked if the way is down."""
    op = op if way > 0 else _MIRRORED[op]

    def first(limit: int) -> int:
        return _first(lambda number: bool(value_at(rising, {symbol: number}) >= limit))

    low = {">=": 0, ">": 1, "==": 0}.get(op)
    high = {"<=": 1, "<": 0, "==": 1}.get(op)
    return _Reach(1 if low is None else first(low), FARTHEST if high is None else first(high) - 1)


def _first(reached: Callable[[int], bool]) -> int:
    """The least number from 1 that is reached, where all beyond it are too; one beyond the farthest if none is."""
    step = 1
    while not reached(step):
        if step > FARTHEST:
            return FARTHEST + 1
        step *= 2
    below, at = step // 2, step
    while at - below > 1:
        middle = (below + at) // 2
        below, at = (below, middle) if reached(middle) else (middle, at)
    return at


def _along(op: str, difference: Dim) -> _Reach | None:
    about = line(difference)
    if about is None:
        return None
    if not about.slope:
        return _Reach(exact=False, period=about.period)
    # Beyond these two the value is certainly on one side of 0.
    ends = sorted((-about.low / about.slope, -about.high / about.slope))
    before, behind = ceil(ends[0]), floor(ends[1])
    if op == "==":
        return _Reach(max(1, before), max(behind, 0), exact=False, regular=max(1, behind + 1))
    holds_behind = op == "!=" or (op in (">=", ">")) == (about.slope > 0)
    holds_before = op == "!=" or not holds_behind
    return _Reach(
        1 if holds_before else max(1, before),
        FARTHEST if holds_behind else max(behind, 0),
        exact=False,
        regular=max(1, behind + 1),
    )
