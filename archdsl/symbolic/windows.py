"""Sizes that a chain of windows makes of a size: when it keeps it, and by how much it shrinks it."""

from __future__ import annotations

from archdsl.symbolic.conditions import compare, conjunction
from archdsl.symbolic.expression import Apply, Condition, Dim, Expr, symbols, terms
from archdsl.symbolic.substitution import substitute_monomial


def window_map(size: Dim, start: Expr) -> tuple[Dim, Dim] | None:
    """A size as `⌊(start + A)/S⌋`, the form of every chain of windows: A and S, or None if it has none."""
    rest = size - start
    if not _mentions(rest, start):
        return rest, 1
    floors = [monomial for monomial in terms(size) if symbols(*monomial) & symbols(start)]
    if len(floors) != 1 or len(floors[0]) != 1 or terms(size)[floors[0]] != 1:
        return None
    atom = floors[0][0]
    if not isinstance(atom, Apply) or atom.op != "//":
        return None
    dividend, stride = atom.args
    offset = dividend - start
    if _mentions(offset, start) or _mentions(stride, start):
        return None
    return offset + stride * (size - Expr({floors[0]: 1})), stride


def identity_condition(size: Dim, start: Expr) -> Condition | bool:
    """When `size` is `start` whatever number `start` is.

    A chain of windows is the identity exactly if S = 1 and A = 0. That is asked of the map and never of the
    two numbers: at a size of 1 a stride of 2 "agrees" too.
    """
    found = window_map(size, start)
    if found is None:
        return False
    shift, stride = found
    unit = compare("==", stride, 1)
    if unit is False:
        return False
    if isinstance(stride, Expr) and len(stride.terms) == 1:
        shift = substitute_monomial(shift, next(iter(stride.terms)), 1)
    return conjunction([unit, compare("==", shift, 0)])


def stride_of(size: Dim, start: Expr) -> Dim:
    """By how much a chain of windows shrinks a size; 1 where it is no chain of windows."""
    found = window_map(size, start)
    return 1 if found is None else found[1]


def _mentions(value: Dim, start: Expr) -> bool:
    return bool(symbols(value) & symbols(start))
