"""What a network takes of memory: its weights, the peak of a run in inference, and what training keeps."""

from __future__ import annotations

import itertools
from typing import Literal, get_args

from archdsl.analysis.rehearsal import INDEX, Rehearsal, number
from archdsl.ir.nodes import Architecture, LayerNode, Node, Repeat
from archdsl.record import record
from archdsl.shape import product

Dtype = Literal["float32", "float16", "bfloat16", "float64"]
DTYPES: tuple[Dtype, ...] = get_args(Dtype)
_BYTES = {"float32": 4, "float16": 2, "bfloat16": 2, "float64": 8}


@record
class Memory:
    """Bytes, for a batch of samples of one type.

    `inference` is the most that tensors take at one moment of a forward pass without gradients, the input
    among them and the weights not. `training` is what a forward pass in training leaves behind for the backward
    pass, each tensor once, the input where a layer keeps it, weights and buffers not. What kernels take for
    themselves, gradients, and an optimizer's state are in neither.
    """

    batch: int
    dtype: Dtype
    weights: int
    buffers: int
    inference: int
    training: int


def memory(architecture: Architecture, batch: int = 1, dtype: Dtype = "float32") -> Memory:
    """The memory of a network. Raises ArchError where a size was left open, and ValueError for a batch of none."""
    if batch < 1:
        raise ValueError(f"a batch has at least one sample, got {batch}")
    size = _BYTES[dtype]
    _, training = Rehearsal(True, batch, size).network(architecture)
    inference, _ = Rehearsal(False, batch, size).network(architecture)
    weights, buffers = _state(architecture.body, size, {})
    return Memory(batch, dtype, weights, buffers, inference, training)


def _state(node: Node, size: int, known: dict[Node, tuple[int, int]]) -> tuple[int, int]:
    """Bytes of the weights and of the buffers of a node and all its copies."""
    if node in known:
        return known[node]
    weights, buffers = 0, 0
    if isinstance(node, LayerNode):
        weights = number(node.layer.parameters(node.input)) * size
        for shape in node.layer.buffers(node.input).values():
            buffers += number(product(shape)) * size if shape else INDEX
    counts = [number(run.count) for run in node.runs] if isinstance(node, Repeat) else itertools.repeat(1)
    for part, count in zip(node.parts, counts, strict=False):
        more = _state(part, size, known)
        weights, buffers = weights + count * more[0], buffers + count * more[1]
    known[node] = weights, buffers
    return weights, buffers
