"""What a merge is: how many branches it takes, the shape they make together, and the torch expression.

A merge is one class and nothing else knows about it: the language, the messages, the source, pictures, costs, the
reference page and the conformance test are all derived from what it declares here.
"""

# As in `layers/base.py`, annotations as text would be evaluated again for each subclass.

import pkgutil
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, ClassVar

from archdsl.layers.base import Keyword, subclasses
from archdsl.layers.torch_call import Function
from archdsl.record import record
from archdsl.shape import Dim, Shape

Same = Callable[[Dim, Dim], bool | None]
"""Whether two sizes are equal; None where nobody can say, and it is assumed."""


@record
class Joined:
    """The shape of joined branches, and the shape that each of them must have for it."""

    output: Shape
    wanted: tuple[Shape, ...]


class Join(Keyword):
    """Base of all merges.

    A subclass declares its `keyword`, fields for its arguments if it has any, and the rules below.
    """

    sign: ClassVar[str]
    """What stands in a picture where the branches meet."""
    about: ClassVar[str]
    """What the docstring of a class in a source says of it."""
    needs: ClassVar[str]
    """What a message says of branches that don't fit: "addition needs equal channels, height and width"."""
    alike: ClassVar[str] = "channels, strides and paddings"
    """What of the branches has to be the same for them to fit."""
    examples: ClassVar[tuple[str, ...]] = ()
    """Each as `INPUT: MERGE`, say `3x8x8: add<conv3-4 | conv1-4>`; the conformance test runs them all."""
    elsewhere: ClassVar[tuple[str, ...]] = ()
    """What others call it, such as `torch.cat`; without their arguments, which are the branches."""

    least: ClassVar[int] = 2
    """How many branches there are at least."""
    most: ClassVar[int | None] = None
    """How many there are at most; None for any number."""
    has_shortcut: ClassVar[bool] = False
    """The second branch is a shortcut around the first, which may be left out or said in a word."""
    operation: ClassVar[str] = ""
    """The keyword of the merge that does the same to tensors, where that is another one."""
    keeps_branches: ClassVar[bool] = False
    """The backward pass needs what the branches made, which therefore stays in memory in training."""
    takes_factors: ClassVar[bool] = False
    """A vector may meet a map, one number for each of its channels."""
    alternates: ClassVar[bool] = False
    """Where channels stand last, elements of the branches lie in turn and not one branch behind the other."""
    later_name: ClassVar[str] = ""
    """What the tensors of all branches but the first are called in a source."""

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        joins.cache_clear()
        cls.settle_positional()

    def joined(self, shapes: Sequence[Shape], same: Same) -> Joined:
        """What branches of these shapes make together; whether they fit is for the caller to ask."""
        raise NotImplementedError(f"{self.keyword} has no shape rule")

    def torch(self, shapes: Sequence[Shape], output: Shape) -> Function:
        """The expression that joins tensors `{x0}`, `{x1}` …; `{0}`, `{1}` … are its values."""
        raise NotImplementedError(f"{self.keyword} has no torch expression")

    def differ(self, shape: Shape, wanted: Shape) -> list[str]:
        """What a message says where a branch has another shape than it must."""
        return [self.needs]

    @classmethod
    def does(cls) -> str:
        """The keyword of what is done to tensors, which two merges may share."""
        return cls.operation or cls.keyword


@cache
def _import_files() -> None:
    package = import_module("archdsl.merges")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"archdsl.merges.{module.name}")


@cache
def joins() -> Mapping[str, type[Join]]:
    """Every merge by its keyword: those of this package and any `Join` subclass defined elsewhere."""
    _import_files()
    return MappingProxyType({kind.keyword: kind for kind in subclasses(Join) if "keyword" in vars(kind)})
