"""What a source holds and makes: functions, classes, modules in the making, methods, tuples of tensors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from archdsl.backends.torch.reading.values import Gap, Problem, Tensor
from archdsl.backends.torch.reading.world import Env


@dataclass(eq=False)
class Function:
    """A function or class of the source: its parameters with their defaults, and its body."""

    name: str
    parameters: tuple[str, ...]
    defaults: dict[str, Any]
    run: Callable[[Env], Any]


@dataclass(eq=False)
class Class:
    """A class of the source."""

    name: str
    base: str
    constructor: Function | None
    forward: Function | None
    fields: tuple[str, ...] = ()
    """Of a named tuple, its fields."""


@dataclass(eq=False)
class Self:
    """A module of a class in the making, and in use."""

    base: str
    training: bool = False
    values: dict[str, Any] = field(default_factory=dict)
    modules: list[tuple[str, Any] | Gap] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.by_name: dict[str, Any] = {}

    def add(self, name: str, value: Any) -> None:
        if name in self.by_name or self.values.get(name) is not None:
            raise Problem(f"two modules or values are called `{name}`")
        self.modules.append((name, value))
        self.by_name[name] = value
        self.values[name] = Held(name, value)


@dataclass(eq=False)
class Held:
    """A module with the name by which its class holds it."""

    path: str
    value: Any


@dataclass(eq=False)
class Bound:
    """A method of the module itself, of its base, or of a tensor or dictionary."""

    owner: Any
    name: str


@dataclass(eq=False)
class Outputs:
    """A named tuple of tensors."""

    values: tuple[Tensor, ...]
