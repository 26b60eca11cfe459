"""Whether shapes are equal, where their sizes may be unknown."""

from __future__ import annotations

from archdsl.elaborate.witnesses import Witnesses
from archdsl.merges.base import Same
from archdsl.shape import Dim, Shape
from archdsl.symbolic import NeedsValue, assume_that, compare, symbols


def same(left: Dim, right: Dim) -> bool | None:
    """Whether two sizes are equal; None where that depends on what is unknown."""
    outcome = compare("==", left, right)
    return outcome if isinstance(outcome, bool) else None


def same_in(witnesses: Witnesses | None) -> Same:
    """Whether two sizes are equal in all calls of a class.

    It raises NeedsValue where they are in some, or where that follows from parameters that must stay free.
    """
    if witnesses is None:
        return same

    def asked(left: Dim, right: Dim) -> bool | None:
        condition = compare("==", left, right)
        if isinstance(condition, bool):
            return condition
        if not all(each.name in row for each in symbols(condition) for row in witnesses.rows):
            # A size that stands for any, in the question whether a path keeps it.
            return None
        if not witnesses.settle and any(each.kind != "size" for each in symbols(condition)):
            raise NeedsValue(condition)
        outcome = witnesses.outcome(condition)
        if outcome is None:
            raise NeedsValue(condition)
        return outcome

    return asked


def same_shape(left: Shape, right: Shape) -> bool:
    """Whether two shapes agree, or may agree where sizes are unknown, which is then assumed."""
    if left.layout is not right.layout or left.rank != right.rank:
        return False
    pairs = list(zip(left.dims, right.dims, strict=True))
    if any(a != b and isinstance(a, int) and isinstance(b, int) for a, b in pairs):
        return False
    for a, b in pairs:
        assume_that(a, "==", b)
    return True
