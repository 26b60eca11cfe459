"""The smallest input a network takes: the least side at which every layer still has a size of at least one."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.analysis.trace import Tracer
from archdsl.diagnostics import ArchError
from archdsl.ir.nodes import Architecture
from archdsl.layers.window import ShapeTooSmall

AT_MOST = 1024
"""How many sides are tried one by one before only the declared one is."""


def smallest_input(architecture: Architecture, in_training: bool = False) -> int | None:
    """The least side, equal on all spatial axes, at which every shape rule holds.

    Those of auxiliary outputs count `in_training` only: in evaluation such a network takes smaller images.

    None for a network on vectors, and where no such side up to the largest declared one is found (a `reshape`
    may ask for a size that is not square).

    A window that doesn't fit into some size fits into no smaller one, so sides below it are bisected. Branches
    may still disagree on a side that is not too small (a U-Net wants multiples), so the rest is tried in turn.
    """
    x = architecture.input
    if not x.rank:
        return None
    largest = max((size for size in x.spatial if isinstance(size, int)), default=AT_MOST)
    tracer = Tracer(in_training)

    def problem(side: int) -> ArchError | None:
        try:
            tracer(architecture.body, x.with_spatial([side] * x.rank))
        except ArchError as error:
            return error
        return None

    too_small = _last_too_small(largest, problem)
    tried = range(too_small + 1, min(too_small + AT_MOST, largest) + 1)
    return next((side for side in (*tried, largest) if problem(side) is None), None)


def _last_too_small(largest: int, problem: Callable[[int], ArchError | None]) -> int:
    """A side that is too small while the next is not, or 0. Where a side is too small all below it fail as well."""
    if not _is_too_small(problem(1)):
        return 0
    low, high = 1, largest + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _is_too_small(problem(middle)):
            low = middle
        else:
            high = middle
    return low


def _is_too_small(error: ArchError | None) -> bool:
    return error is not None and any(isinstance(each, ShapeTooSmall) for each in error.diagnostics)
