"""What is worked out once for each object, and forgotten with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, TypeVarTuple
from weakref import WeakKeyDictionary

Object = TypeVar("Object")
More = TypeVarTuple("More")
Found = TypeVar("Found")


def once(function: Callable[[Object, *More], Found]) -> Callable[[Object, *More], Found]:
    """A function of an object, and of what else it is asked, that remembers its answers as long as the object lives.

    `functools.cache` would keep every spec that a process ever read.
    """
    known: WeakKeyDictionary[Any, dict[tuple[*More], Found]] = WeakKeyDictionary()

    @wraps(function)
    def remembered(each: Object, *more: *More) -> Found:
        answers = known.get(each)
        if answers is None:
            answers = known[each] = {}
        if more not in answers:
            answers[more] = function(each, *more)
        return answers[more]

    return remembered
