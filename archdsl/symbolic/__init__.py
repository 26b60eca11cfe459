"""Whole numbers that may be unknown: the arithmetic behind open sizes and parametric classes."""

from archdsl.symbolic.assumptions import assume, assume_that, assumptions
from archdsl.symbolic.conditions import choices, compare, conjunction, disjunction, negate
from archdsl.symbolic.evaluation import value_at
from archdsl.symbolic.expression import (
    Apply,
    Atom,
    Comparison,
    Condition,
    Dim,
    Expr,
    Junction,
    Monomial,
    NeedsValue,
    Symbol,
    apply,
    ceil_divide,
    divisible,
    floor_divide,
    maximum,
    minimum,
    symbol,
    symbols,
    weight,
)
from archdsl.symbolic.printing import python
from archdsl.symbolic.solutions import Solutions, TooFar, solutions
from archdsl.symbolic.substitution import choose, operations, substitute, substitute_monomial
from archdsl.symbolic.windows import identity_condition, stride_of, window_map

__all__ = [
    "Apply",
    "Atom",
    "Comparison",
    "Condition",
    "Dim",
    "Expr",
    "Junction",
    "Monomial",
    "NeedsValue",
    "Solutions",
    "Symbol",
    "TooFar",
    "apply",
    "assume",
    "assume_that",
    "assumptions",
    "ceil_divide",
    "choices",
    "choose",
    "compare",
    "conjunction",
    "disjunction",
    "divisible",
    "floor_divide",
    "identity_condition",
    "maximum",
    "minimum",
    "negate",
    "operations",
    "python",
    "solutions",
    "stride_of",
    "substitute",
    "substitute_monomial",
    "symbol",
    "symbols",
    "value_at",
    "weight",
    "window_map",
]
