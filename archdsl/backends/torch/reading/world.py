"""What names, calls and operators of tensors mean to who reads Python: asked of a world, and of nothing that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from archdsl.backends.torch.reading.values import LONG

Env = dict[Any, Any]
Run = Callable[[Env], Any]

BUILTINS: Mapping[str, Any] = {
    "abs": abs,
    "float": float,
    "int": int,
    "len": len,
    "max": max,
    "min": min,
    "round": round,
    "sum": sum,
}
SPECIAL = frozenset({"range", "enumerate", "getattr", "super"})


class Pairs(list[Any]):
    """A dictionary as written, pairs in order, so that a key that is there twice is seen."""


class Ranged:
    """The numbers of a loop."""

    def __init__(self, count: int) -> None:
        self.count = count

    @property
    def turns(self) -> list[int]:
        """The turns that are followed."""
        return list(range(self.count)) if self.count <= LONG else [0, 1, self.count - 1]


class World:
    """What Python's forms mean for a source: the parts of `Reader` that know of modules and tensors."""

    def named(self, name: str) -> Any:
        """What a name that is local to nothing stands for. Raises Problem for one that is nothing's."""
        raise NotImplementedError

    def set_attribute(self, env: Env, name: str, value: Any) -> None:
        raise NotImplementedError

    def attribute(self, env: Env, name: str) -> Any:
        raise NotImplementedError

    def member(self, owner: Any, name: str) -> Any:
        raise NotImplementedError

    def call(self, env: Env, function: Any, args: list[Any], kwargs: list[tuple[str | None, Any]]) -> Any:
        raise NotImplementedError

    def binary(self, sign: str, function: Callable[[Any, Any], Any], left: Any, right: Any) -> Any:
        raise NotImplementedError

    def item(self, env: Env, owner: Any, index: Any) -> Any:
        raise NotImplementedError

    def unpacked(self, value: Any, count: int) -> list[Any]:
        raise NotImplementedError

    def turns(self, env: Env, iterable: Any) -> list[Any]:
        raise NotImplementedError
