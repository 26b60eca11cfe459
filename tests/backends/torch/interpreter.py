"""A second opinion on every network: its nodes run one by one on the weights of the generated module.

Shares nothing with the code that writes `forward`: each layer is built anew from its torch call, its weights are
looked up by the names that the IR gives, and merges are joined as the language says.
"""

from __future__ import annotations

import operator
from collections import ChainMap
from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.ir.marks import Path
from archdsl.ir.named import Named
from archdsl.ir.names import Kind, is_open, names, style
from archdsl.ir.nodes import (
    Architecture,
    Aux,
    Call,
    Chain,
    LayerNode,
    Member,
    Merge,
    Node,
    Reference,
    Repeat,
    at,
    reachable,
    text,
)
from archdsl.layers.torch_call import Module, Parameter
from archdsl.shape import Dim, Layout, Shape

Values = Mapping[str, Dim]
Labels = dict[Path, Tensor]


class Interpreter:
    """Runs a settled network in evaluation."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self.state = state

    def run(self, architecture: Architecture, x: Tensor) -> Tensor:
        return self.container(architecture.body, "top", "", x, {})

    def container(self, chain: Chain, kind: Kind, prefix: str, x: Tensor, marks: Labels) -> Tensor:
        """A container; labels inside it are its own, under its name for what is outside."""
        return self.members(names(chain, style(chain, kind)), prefix, x, marks, {})

    def members(self, members: tuple[Named, ...], prefix: str, x: Tensor, marks: Labels, values: Values) -> Tensor:
        for each in members:
            node = each.node
            inner: Labels = {}
            around, marks = marks, ChainMap(inner, marks)  # type: ignore[assignment]
            if isinstance(node, Repeat):
                start = 0
                for run in each.runs:
                    assert isinstance(run.run.count, int)
                    for turn in range(run.run.count):
                        here = {**values, str(run.turn): turn}
                        if node.index:
                            here[node.index] = start + turn
                        x = self.members(run.members, prefix, x, marks, here)
                    start += run.run.count
            elif each.name is None:
                assert isinstance(node, Merge)
                parts = [
                    lambda t, side=side, marks=marks: self.members(side, prefix, t, marks, values)
                    for side in each.sides
                ]
                x = self.merge(node, parts, x)
            else:
                x = self.named(node, prefix + text(at(each.name, **values)), x, marks, values)
            marks = around
            marks |= reachable(each.member, inner, x)
        return x

    def named(self, node: Node, name: str, x: Tensor, marks: Labels, values: Values) -> Tensor:
        if isinstance(node, LayerNode):
            return self.layer(node, name, x)
        if isinstance(node, Reference):
            return marks[node.target]
        if isinstance(node, Aux):
            # What is compared is evaluation.
            return x
        if isinstance(node, Call):
            return self.container(node.body, "block", f"{name}.", x, marks)
        if isinstance(node, Chain):
            return self.container(node, "group", f"{name}.", x, marks)
        assert isinstance(node, Merge)
        if is_open(node):
            # A labelled merge with labels inside is a container of its own, which names all of its branches at once.
            alone = Member(label=None, node=node)
            around = Chain(input=node.input, output=node.output, span=node.span, members=(alone,), container=True)
            return self.container(around, "top", f"{name}.", x, marks)
        parts = [
            lambda t, branch=branch, place=place: self.members(
                names(branch, "numbered"), f"{name}.{place}.", t, marks, values
            )
            for place, branch in enumerate(node.branches)
        ]
        return self.merge(node, parts, x)

    def merge(self, node: Merge, parts: list[Any], x: Tensor) -> Tensor:
        made = [part(x) for part in parts]
        if node.kind == "residual":
            if node.shortcut == "optional" and node.agrees is not True:
                return made[0]  # type: ignore[no-any-return]
            return made[0] + (made[1] if len(made) > 1 else x)  # type: ignore[no-any-return]
        return join(node.kind, made, [branch.output for branch in node.branches], node.output)

    def layer(self, node: LayerNode, name: str, x: Tensor) -> Tensor:
        for step in node.layer.torch(node.input):
            if isinstance(step, Module):
                kind = defined(step) if step.definition else getattr(nn, step.name)
                module = kind(*step.args, **dict(step.kwargs)).eval()
                keys = module.state_dict().keys()
                module.load_state_dict({key: self.state[f"{name}.{key}"] for key in keys}, strict=True)
                x = module(x)
            elif isinstance(step, Parameter):
                x = self.state[name] * x
            else:
                x = evaluated(step.template, step.values, x)
        return x


BETWEEN: dict[str, Any] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "max": torch.maximum,
    "min": torch.minimum,
}


def join(kind: str, made: Sequence[Tensor], shapes: Sequence[Shape], output: Shape) -> Tensor:
    """What tensors of these shapes become."""
    if kind == "concat":
        return torch.cat(list(made), output.channel_axis)
    tensors = [scaled(tensor, shape, output) for tensor, shape in zip(made, shapes, strict=True)]
    if kind == "mean":
        return torch.stack(torch.broadcast_tensors(*tensors)).mean(0)
    return reduce(BETWEEN[kind], tensors)  # type: ignore[no-any-return]


def scaled(tensor: Tensor, shape: Shape, output: Shape) -> Tensor:
    if shape.layout is not Layout.VECTOR or output.layout is Layout.VECTOR:
        return tensor
    ones = (1,) * output.rank
    last = output.layout is Layout.CHANNELS_LAST
    return tensor.reshape(len(tensor), *ones, -1) if last else tensor.reshape(len(tensor), -1, *ones)


def defined(step: Module) -> Any:
    """A class that brings its own source."""
    names: dict[str, Any] = {"torch": torch, "nn": nn, "Tensor": Tensor}
    exec(step.definition, names)
    return names[step.name]


def evaluated(template: str, values: tuple[Any, ...], x: Tensor) -> Tensor:
    """A function of a layer; the text is ours, from the layer's class."""
    for place, value in enumerate(values):
        template = template.replace(f"{{{place}}}", repr(value))
    return eval(template.replace("{x}", "x"), {"torch": torch, "nn": nn, "x": x})  # type: ignore[no-any-return]
