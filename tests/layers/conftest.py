"""The torch calls of a layer as a live module, made without the backend that writes source."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from archdsl.layers.base import Layer
from archdsl.layers.torch_call import Function, Module, Parameter, Step
from archdsl.shape import Shape


def build(layer: Layer, x: Shape) -> nn.Module:
    """The layer for inputs of this shape."""
    return Steps(layer.torch(x))


class Steps(nn.Module):
    """Runs one step after the other, with the members of the modules as its own."""

    def __init__(self, steps: tuple[Step, ...]) -> None:
        super().__init__()
        self.members: list[Callable[[Tensor], Tensor]] = []
        for number, step in enumerate(steps):
            if isinstance(step, Module):
                module = make(step)
                self.add_module(str(number), module)
                self.members.append(module)
            elif isinstance(step, Function):
                self.members.append(lambda x, step=step: evaluate(step.template, step.values, x=x))  # type: ignore[misc]
            else:
                self.register_parameter(f"{number}", nn.Parameter(initial(step)))
                self.members.append(
                    lambda x, step=step, name=f"{number}": evaluate(  # type: ignore[misc]
                        step.template, step.values, x=x, parameter=getattr(self, name)
                    )
                )

    def forward(self, x: Tensor) -> Tensor:
        for member in self.members:
            x = member(x)
        return x


def make(step: Module) -> nn.Module:
    """The module of one step; its own class, where it has one, is defined from its source."""
    names: dict[str, Any] = {"torch": torch, "nn": nn, "Tensor": Tensor}
    if step.definition:
        exec(step.definition, names)
    kind = names[step.name] if step.definition else getattr(nn, step.name)
    module = kind(*step.args, **dict(step.kwargs))
    assert isinstance(module, nn.Module)
    return module


def initial(step: Parameter) -> Tensor:
    """What a bare parameter starts from."""
    tensor = eval(step.initial.format(*step.values, shape=step.shape), {"torch": torch})
    assert isinstance(tensor, Tensor)
    return tensor


def evaluate(template: str, values: tuple[Any, ...], **tensors: Tensor) -> Tensor:
    """A template with the names of tensors and the values put in."""
    text = template.format(*values, **{name: name for name in tensors})
    made = eval(text, {"torch": torch, "nn": nn, **tensors})
    assert isinstance(made, Tensor)
    return made


@pytest.fixture(scope="session")
def live() -> Callable[[Layer, Shape], nn.Module]:
    """Makes a module of a layer and the shape that arrives."""
    return build
