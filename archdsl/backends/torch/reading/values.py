"""What a source read back consists of: modules that were made, tensors that flow, and problems found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from archdsl.record import record

LONG = 64
"""A loop of more turns is followed in its first, second and last turn, and its number of turns compared."""


class Problem(Exception):
    """The source can't be what the spec says, or isn't Python that a source of ours may hold."""


@record
class Library:
    """A name of PyTorch: `nn.Conv2d`, `torch.cat`."""

    name: str


@record
class Leaf:
    """A module of PyTorch, or of a class that a layer brings along, with its arguments as given."""

    kind: str
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]


@record
class Made:
    """A module of another class of the source, with a value for each parameter of its constructor."""

    kind: str
    arguments: tuple[tuple[str, Any], ...]


@dataclass(eq=False)
class Container:
    """An `nn.Sequential` or `nn.ModuleList`: modules by name, in order, with gaps where a loop made many."""

    kind: str
    modules: list[tuple[str, Any] | Gap]

    @cached_property
    def is_long(self) -> bool:
        """Whether there are too many modules, those of containers inside counted too, to follow each by itself."""
        return self.length > LONG

    @cached_property
    def length(self) -> int:
        return sum(
            each.count * each.width
            if isinstance(each, Gap)
            else each[1].length
            if isinstance(each[1], Container)
            else 1
            for each in self.modules
        ) + (LONG if any(isinstance(each, Gap) for each in self.modules) else 0)

    def child(self, name: str) -> Any:
        """The module of a name; None if there is none."""
        for each in self.modules:
            if isinstance(each, tuple) and each[0] == name:
                return each[1]
        return None


@dataclass(eq=False)
class Gap:
    """Turns of a loop that were left out, `width` modules each. `turn` makes those of one turn of the loop."""

    first: int
    count: int
    width: int
    turn: Callable[[int], list[Any]]


@record
class Parameter:
    """A bare parameter and what it begins as."""

    initial: Any


@dataclass(eq=False)
class Storage:
    """Memory that tensors lie in; writing into one of them makes all that were read from it before stale."""

    version: int = 0


@dataclass(eq=False)
class Tensor:
    """A tensor: the term that it is, and the memory it lies in."""

    term: Term
    storage: Storage = field(default_factory=Storage)
    version: int = 0

    def __post_init__(self) -> None:
        self.version = self.storage.version

    def read(self) -> Term:
        """The term. Raises Problem for a tensor that something wrote into since."""
        if self.version != self.storage.version:
            raise Problem("a tensor is used behind a layer that wrote into it")
        return self.term


class Term:
    """One step of the flow of tensors: what is done, with what. Equal steps are one object."""

    __slots__ = ("inputs", "what")

    def __init__(self, what: tuple[Any, ...], inputs: tuple[Term, ...]) -> None:
        self.what = what
        self.inputs = inputs

    def __str__(self) -> str:
        name, *rest = self.what
        words = [f"{each}" for each in rest if each not in ((), None)]
        return f"{name}({', '.join(words)})" if words else str(name)


class Terms:
    """The steps met so far, on both sides of a comparison."""

    def __init__(self, elementwise: Callable[[tuple[Any, ...]], bool]) -> None:
        self.elementwise = elementwise
        self.known: dict[tuple[Any, ...], Term] = {}

    def __call__(self, what: tuple[Any, ...], *inputs: Term) -> Term:
        """The step, in a form in which flattening comes behind what treats each element alike."""
        if len(inputs) == 1 and inputs[0].what == FLATTENED:
            if what == FLATTENED:
                return inputs[0]
            if self.elementwise(what):
                return self(FLATTENED, self(what, *inputs[0].inputs))
        key = (what, *map(id, inputs))
        found = self.known.get(key)
        if found is None:
            found = self.known[key] = Term(what, inputs)
        return found


FLATTENED: tuple[Any, ...] = ("torch.flatten", ("x0", 1), ())


def flattened(modules: list[tuple[str, Any] | Gap]) -> Iterator[tuple[int, tuple[str, Any] | Gap]]:
    """The modules of a container with the position of each."""
    position = 0
    for each in modules:
        yield position, each
        position += each.count * each.width if isinstance(each, Gap) else 1
