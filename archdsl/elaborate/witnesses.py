"""The calls that one class is built for: they settle what its unknown numbers can't.

A row holds the value of every unknown in one call. A condition that is the same in all rows is settled and
noted; one that differs is left to the text of the class.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from archdsl.shape import Dim
from archdsl.symbolic import Condition, Expr, Junction, NeedsValue, Symbol, conjunction, disjunction, substitute, weight

Row = dict[str, Dim | float]

MAX_TURNS = 512
"""As many turns of a repeat are looked at when a condition depends on the turn; the last always is."""


def undecided(condition: Condition) -> bool | None:
    """What decides a condition on unknown numbers where there are no calls to look at: nothing."""
    raise NeedsValue(condition)


class Witnesses:
    """Rows of values, and the conditions they settled."""

    def __init__(self, rows: list[Row], settle: bool = True, spend: Callable[[int], None] = lambda times: None) -> None:
        self.rows = rows
        self.total = len(rows)
        self.settle = settle
        """Whether a condition may be settled by the rows; a network's own parameters must stay free."""
        self.assumptions: dict[Condition, bool] = {}
        self.spend = spend
        """Counts what is worked out, once for each row."""

    def value(self, expression: object, row: Row) -> object:
        """What an expression or condition is in one row; raises NeedsValue if the row doesn't tell."""
        if isinstance(expression, Expr) and len(expression.terms) == 1:
            # A lone symbol may stand for a fraction, which no arithmetic was done on.
            ((monomial, factor),) = expression.terms.items()
            if factor == 1 and len(monomial) == 1 and isinstance(monomial[0], Symbol) and monomial[0].name in row:
                return row[monomial[0].name]
        self.spend(1 + weight(expression) // 8)
        whole: Mapping[str, Dim] = {name: value for name, value in row.items() if isinstance(value, (int, Expr))}
        return substitute(expression, whole)

    def decide(self, condition: Condition) -> bool | None:
        """How a condition falls in all rows, or None where they differ."""
        if not self.settle:
            raise NeedsValue(condition)
        outcome = self.outcome(condition)
        if outcome is not None:
            self.assume(condition, outcome)
        return outcome

    def outcome(self, condition: Condition) -> bool | None:
        """How a condition falls in all rows, or None where they differ, without noting it."""
        outcomes = {self.value(condition, row) for row in self.rows}
        if not outcomes <= {True, False}:
            raise NeedsValue(condition)
        return outcomes == {True} if len(outcomes) == 1 else None

    def assume(self, condition: Condition, outcome: bool) -> None:
        """Note that a condition holds, or doesn't, in every call; no more of it than the outcome needs."""
        if isinstance(condition, Junction):
            if (condition.op == "and") is outcome:
                for part in condition.parts:
                    self.assume(part, outcome)
                return
            enough = next((part for part in condition.parts if self.outcome(part) is outcome), None)
            if enough is not None:
                self.assume(enough, outcome)
                return
        if len(self.rows) == self.total:
            self.assumptions.setdefault(condition, outcome)

    def rest(self, condition: Condition) -> Condition:
        """What is left of an undecided condition without the parts that are the same in all rows."""
        if not isinstance(condition, Junction):
            return condition
        outcomes = [(part, self.outcome(part)) for part in condition.parts]
        for part, outcome in outcomes:
            if outcome is not None:
                self.assume(part, outcome)
        left = [part for part, outcome in outcomes if outcome is None]
        joined = conjunction(left) if condition.op == "and" else disjunction(left)
        return condition if isinstance(joined, bool) else joined

    @contextmanager
    def narrow(self, condition: Condition) -> Iterator[None]:
        """Look only at the rows in which a condition holds."""
        rows = self.rows
        self.rows = [row for row in rows if self.value(condition, row) is True]
        try:
            yield
        finally:
            self.rows = rows

    @contextmanager
    def turn(self, name: str, number: int) -> Iterator[None]:
        """Look at one turn of a repeat."""
        rows = self.rows
        self.rows = [{**row, name: number} for row in rows]
        try:
            yield
        finally:
            self.rows = rows

    @contextmanager
    def turns(self, name: str, count: Dim) -> Iterator[None]:
        """Look at every turn of a repeat, whose number goes by a name."""
        rows = self.rows
        each_turn: list[Row] = []
        for row in rows:
            turns = _turns(self.value(count, row))
            self.spend(len(turns))
            each_turn += [{**row, name: turn} for turn in turns]
        self.rows = each_turn
        try:
            yield
        finally:
            self.rows = rows


def _turns(count: object) -> list[int]:
    assert isinstance(count, int)
    return list(range(count)) if count <= MAX_TURNS else [*range(MAX_TURNS - 1), count - 1]
