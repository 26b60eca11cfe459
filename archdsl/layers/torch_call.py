"""How a layer is said in PyTorch: modules, functions and bare parameters, as data.

Values are numbers, expressions, strings, booleans and tuples; the torch backend prints them. Keyword
arguments equal to PyTorch's defaults are left out here, where both are known.
"""

from __future__ import annotations

from dataclasses import field
from typing import Any

from archdsl.record import record


@record
class Module:
    """A submodule: `nn.NAME(*args, **kwargs)`, or a class of its own where `definition` has its source."""

    name: str
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    definition: str = ""
    defaults: tuple[tuple[str, Any], ...] = field(default=(), compare=False, repr=False)
    """What PyTorch takes for keyword arguments that are left out, where that is known."""

    @classmethod
    def of(
        cls,
        name: str,
        *args: Any,
        definition: str = "",
        defaults: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> Module:
        """A module call without the keyword arguments that equal `defaults`, PyTorch's own."""
        known = defaults or {}
        kept = tuple((key, value) for key, value in kwargs.items() if key not in known or not _same(known[key], value))
        return cls(name, args, kept, definition, tuple(known.items()))


@record
class Function:
    """An expression of the tensor: `{x}` in the template is the tensor, `{0}`, `{1}` … the values.

    `module` is the equal module, where there is one, for use inside `nn.Sequential`. Where it is one of several
    results, `whole` is the call that gives them all, and `part` says which it is and of how many.
    """

    template: str
    values: tuple[Any, ...] = ()
    module: Module | None = None
    whole: str = ""
    part: tuple[int, Any] | None = None


@record
class Parameter:
    """A bare `nn.Parameter` of this shape, made by `initial` (`{shape}` is the shape).

    `{parameter}` and `{x}` in the template are the parameter and the tensor.
    """

    shape: tuple[Any, ...]
    initial: str
    template: str
    values: tuple[Any, ...] = ()


Step = Module | Function | Parameter

FLATTEN = Function("torch.flatten({x}, 1)", module=Module("Flatten"))
"""Every axis but the batch made one."""


def _same(default: Any, value: Any) -> bool:
    if isinstance(value, tuple):
        return all(_same(default, each) for each in value)
    return type(default) is type(value) and bool(default == value)
