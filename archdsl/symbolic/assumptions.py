"""What is taken to hold of unknown numbers: noted by whoever asks, so that a formula comes with where it is true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from archdsl.symbolic.conditions import compare
from archdsl.symbolic.expression import Condition, Dim

_noted: ContextVar[dict[Condition, None] | None] = ContextVar("noted", default=None)


@contextmanager
def assumptions() -> Iterator[dict[Condition, None]]:
    """The conditions that are assumed inside, each once and in their order.

    Rules of shapes ask with `assume` from deep inside of the arithmetic, where nobody hands a list along.
    """
    noted: dict[Condition, None] = {}
    token = _noted.set(noted)
    try:
        yield noted
    finally:
        _noted.reset(token)


def assume(condition: Condition | bool) -> None:
    """Note a condition that can't be settled; what is settled is for the caller to act on."""
    noted = _noted.get()
    if noted is not None and not isinstance(condition, bool):
        noted[condition] = None


def assume_that(left: Dim, op: str, right: Dim) -> None:
    """Note a comparison, which is made only where somebody asks for it."""
    if _noted.get() is not None:
        assume(compare(op, left, right))
