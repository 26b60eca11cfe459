"""The smallest input a network takes: the least side at which every layer has a size of at least one."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from archdsl.analysis.trace import Tracer
from archdsl.diagnostics import ArchError
from archdsl.ir.nodes import Architecture
from archdsl.shape import Dim, Shape
from archdsl.symbolic import NeedsValue, TooFar, assumptions, solutions, symbol, symbols

Resized: TypeAlias = Callable[[tuple[Dim, ...]], Architecture]
"""The network of the same spec on another input; raises ArchError where there is none."""

AT_MOST = 1024
"""How many sides are tried one by one where no formula tells."""


def smallest_input(architecture: Architecture, in_training: bool = False, resized: Resized | None = None) -> int | None:
    """The least side, equal on all spatial axes, at which every shape rule holds.

    Those of auxiliary outputs count `in_training` only: in evaluation such a network takes smaller images. A network
    whose numbers follow from the sizes of its input has to be `resized` to know. None for a network on vectors, and
    where no side fits: a `reshape` may ask for a size that is not square.

    The rules are run once, on a side that is a letter, and what they assume of it is solved; what comes out, and that
    the side below doesn't do, is held against the rules themselves.
    """
    x = architecture.input
    if not x.rank:
        return None
    tracer = Tracer(in_training)

    def fits(side: int) -> bool:
        try:
            _run(tracer, architecture, resized, x.with_spatial([side] * x.rank))
        except ArchError:
            return False
        return True

    try:
        found = _solved(tracer, architecture, resized)
    except (ArchError, NeedsValue, TooFar):
        pass
    else:
        if found is None:
            sides = set(x.spatial)
            if len(sides) > 1 or not isinstance(x.spatial[0], int):
                return None
        elif fits(found) and not (found > 1 and fits(found - 1)):
            return found
    declared = [max(size for size in x.spatial if isinstance(size, int))] if _has_numbers(x) else []
    return next((side for side in (*range(1, AT_MOST + 1), *declared) if fits(side)), None)


def _has_numbers(x: Shape) -> bool:
    return any(isinstance(size, int) for size in x.spatial)


def _run(tracer: Tracer, architecture: Architecture, resized: Resized | None, x: Shape) -> None:
    if resized is None:
        tracer(architecture.body, x)
    else:
        Tracer(tracer.in_training)(resized(x.dims).body, x)


def _solved(tracer: Tracer, architecture: Architecture, resized: Resized | None) -> int | None:
    """The least side by what the rules assume of it.

    Raises ArchError and NeedsValue where they ask for a number, and TooFar where too many sides would be tried.
    """
    side = symbol("side", "size")
    (name,) = symbols(side)
    x = architecture.input.with_spatial([side] * architecture.input.rank)
    with assumptions() as noted:
        _run(tracer, architecture, resized, x)
    return solutions([each for each in noted if symbols(each) == {name}], name.name).least()
