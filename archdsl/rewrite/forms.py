"""What an operation computes of the numbers that it takes, whatever the axes are on which they lie.

A tensor is taken for the sequence of its numbers: what only lays them out anew is nothing, and a vector of C features
is the same as a map of C×1×1. So a fully connected layer and a convolution as large as its input have one form.
"""

from __future__ import annotations

import math
from typing import Any, TypeAlias

from archdsl.analysis.dataflow import Operation
from archdsl.diagnostics import ArchError
from archdsl.layers.base import Layer, Role
from archdsl.layers.convolution import Conv, ConvHead
from archdsl.layers.linear import FullyConnected, Linear
from archdsl.layers.pooling import AdaptiveAvgPool, AdaptivePool, GlobalAvgPool
from archdsl.layers.reshape import Flatten, Identity, Reshape
from archdsl.shape import Dim, Layout, Shape

Form: TypeAlias = tuple[Any, ...] | None
"""Equal for what computes the same of the same numbers and weights; None for what hands on what it takes."""


def form(operation: Operation, loosely: bool = False) -> Form:
    """The form of a layer; `loosely` without the sizes of maps, for networks in which these differ."""
    layer, (x,) = operation.what, operation.takes
    assert isinstance(layer, Layer)
    if isinstance(layer, (Identity, Flatten, Reshape)):
        return None
    if not loosely:
        if isinstance(layer, AdaptivePool) and x == operation.makes:
            return None
        if is_mean(operation):
            return ("mean", x) if any(size != 1 for size in x.spatial) else None
        if isinstance(layer, AdaptivePool):
            # Whether it would shrink a larger map is for another input.
            return layer.keyword, x, operation.makes
        if is_dense(operation):
            return "dense", math.prod(operation.makes.dims), getattr(layer, "bias", None) is not False
    if layer.elementwise and not has_state(operation):
        return "each", layer.torch(x)
    alone = _as_vector(layer, x, operation.makes)
    return layer.keyword, layer.torch(alone), (alone.rank, alone.layout) if loosely else alone


def has_state(operation: Operation) -> bool:
    """Whether a layer has weights, or anything else that a `state_dict` holds."""
    layer, (x,) = operation.what, operation.takes
    assert isinstance(layer, Layer)
    return bool(layer.weights(x) or layer.buffers(x))


def is_random(operation: Operation) -> bool:
    """Whether a layer draws numbers in training, so that two of it are two."""
    return isinstance(operation.what, Layer) and operation.what.role is Role.DROPOUT


def is_mean(operation: Operation) -> bool:
    """Whether a layer is the mean of each channel."""
    ones = all(size == 1 for size in operation.makes.spatial)
    return isinstance(operation.what, GlobalAvgPool) or (isinstance(operation.what, AdaptiveAvgPool) and ones)


def is_dense(operation: Operation) -> bool:
    """Whether each number that a layer makes is a sum of its own over all that it takes, in their order."""
    layer, (x,) = operation.what, operation.takes
    match layer:
        case FullyConnected() | ConvHead():
            return True
        case Linear():
            return x.rank == 0
        case Conv():
            return layer.groups == 1 and covers(layer, x)
        case _:
            return False


def covers(layer: Conv, x: Shape) -> bool:
    """Whether a convolution has one window, which is its whole input."""
    windows = zip(layer.windows(x), x.spatial, strict=True)
    return all(window.kernel == size and window.reach == size and window.padding == (0, 0) for window, size in windows)


def _as_vector(layer: Layer, x: Shape, made: Shape) -> Shape:
    """The vector of a map of one place, where a layer makes the same of either; else the map."""
    if x.layout is not Layout.CHANNELS_FIRST or any(size != 1 for size in x.spatial):
        return x
    vector = Shape.vector(x.channels)
    try:
        layer.check(vector)
        same = layer.output(vector) == Shape.vector(made.channels) and all(size == 1 for size in made.spatial)
    except ArchError:
        return x
    return vector if same and _numbers(layer, vector) == _numbers(layer, x) else x


def _numbers(layer: Layer, x: Shape) -> dict[str, Dim]:
    """How many numbers there are in each weight."""
    return {name: math.prod(shape) for name, shape in {**layer.weights(x), **layer.buffers(x)}.items()}
