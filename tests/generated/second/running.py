"""A network of members, run on the weights that its names say."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from .members import Box, Join, Member, Node, Output, Taken
from .tensors import Flow, Layer
from .values import Slot


class Run:
    """One run. `outputs` are those that exist in training only."""

    def __init__(self, state: Mapping[str, Tensor], training: bool) -> None:
        self.state = state
        self.training = training
        self.made: dict[Slot, Flow] = {}
        self.outputs: dict[str, Tensor] = {}

    def members(self, members: list[Member], x: Flow) -> Flow:
        for each in members:
            x = self.node(each.node, x)
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
    if node.kind == "add":
        total = parts[0].data
        for each in parts[1:]:
            if each.data.shape != total.shape:
                raise ValueError("summands of different shapes")
            total = total + each.data
        return parts[0].with_data(total)
    largest = max(parts, key=lambda each: (each.rank, max(each.spatial, default=1) > 1))
    product: Tensor | None = None
    for each in parts:
        data = each.data
        if each.rank == 0 and largest.rank > 0:
            data = data.reshape(
                len(data), *((*(1,) * largest.rank, -1) if largest.last else (-1, *(1,) * largest.rank))
            )
        product = data if product is None else product * data
    assert product is not None
    return Flow(product, largest.last)
