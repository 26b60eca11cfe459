"""A network of members, run on the weights that its names say."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from .members import Box, Join, Member, Node, Output, Taken
from .tensors import Flow, Layer
from .values import Slot, Unsure

BETWEEN: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "div": operator.truediv,
    "max": torch.maximum,
    "min": torch.minimum,
    "mean": operator.add,
}
"""What is done to two branches; the sum of a mean is divided when all of them are in it."""


LARGEST = 1e150
"""What double precision still squares: beyond it two orders of one sum differ by infinities."""


class Run:
    """One run. `outputs` are those that exist in training only."""

    def __init__(self, state: Mapping[str, Tensor], training: bool, noise: torch.Generator | None = None) -> None:
        self.state = state
        self.training = training
        self.noise = noise
        self.made: dict[Slot, Flow] = {}
        self.outputs: dict[str, Tensor] = {}

    def members(self, members: list[Member], x: Flow) -> Flow:
        for each in members:
            x = self.node(each.node, x)
            if x.data.numel() and not x.data.abs().max() < LARGEST:
                raise Unsure("numbers too large to be compared")
            if self.noise is not None:
                x = x.with_data(
                    x.data * (1 + 1e-15 * torch.randn(x.data.shape, generator=self.noise, dtype=x.data.dtype))
                )
            for slot in each.slots:
                self.made[slot] = x
        return x

    def node(self, node: Node, x: Flow) -> Flow:
        match node:
            case Layer():
                return node.run(x, {key: self.state[node.key(key)] for key in node.state()}, self.training)
            case Box():
                return self.members(node.members, x)
            case Join():
                return join(node, [self.members(branch, x) for branch in node.branches], x)
            case Taken():
                return self.made[node.slot]
            case Output():
                if self.training:
                    self.outputs[node.name] = self.members(node.body, self.made[node.slot]).data
                return x


def join(node: Join, made: list[Flow], x: Flow) -> Flow:
    """What branches make together."""
    parts = [*made, x] if node.passed else made
    if node.kind == "concat":
        return parts[0].with_data(torch.cat([each.data for each in parts], -1 if parts[0].last else 1))
    if node.word == "residual" and len({(each.data.shape, each.last) for each in parts}) > 1:
        raise ValueError("a shortcut of another shape")
    largest = max(parts, key=lambda each: each.rank) if node.kind in ("mul", "div") else parts[0]
    tensors = [_beside(each, largest) for each in parts]
    total = tensors[0]
    for each in tensors[1:]:
        total = BETWEEN[node.kind](total, each)
    return Flow(total / len(parts) if node.kind == "mean" else total, largest.last)


def _beside(part: Flow, largest: Flow) -> Tensor:
    """A tensor with the axes to meet the largest: a vector that scales a map has one number for each channel."""
    if part.rank == largest.rank and part.last is largest.last:
        return part.data
    if part.rank or not largest.rank:
        raise ValueError("branches with other axes")
    ones = (1,) * largest.rank
    return part.data.reshape(len(part.data), *((*ones, -1) if largest.last else (-1, *ones)))
