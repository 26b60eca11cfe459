"""Our shape rules against PyTorch's, over arguments at random, and against figures that others published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import nn

from archdsl.diagnostics import ArchError
from archdsl.layers.base import Layer
from archdsl.layers.convolution import Conv, ConvHead, DepthwiseConv, TransposedConv
from archdsl.layers.linear import FullyConnected
from archdsl.layers.pooling import AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, MaxPool
from archdsl.shape import Shape, Window

Live = Callable[[Layer, Shape], nn.Module]
Kind = Callable[..., Layer]

at_random = settings(
    derandomize=True,
    deadline=None,
    max_examples=200,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@st.composite
def per_axis(draw: st.DrawFn, rank: int, low: int, high: int) -> int | tuple[int, ...]:
    """One number, or one for each axis."""
    number = st.integers(low, high)
    either: st.SearchStrategy[int | tuple[int, ...]] = st.one_of(number, st.tuples(*[number] * rank))
    return draw(either)


@st.composite
def inputs(draw: st.DrawFn) -> Shape:
    """A map of one to three axes."""
    rank = draw(st.integers(1, 3))
    channels = draw(st.sampled_from([1, 2, 3, 4, 6, 8]))
    return Shape.of((channels, *(draw(st.integers(1, 12)) for _ in range(rank))))


def ours(layer: Layer, x: Shape) -> tuple[int, ...] | None:
    """The shape our rule gives, or none where it refuses."""
    try:
        layer.check(x)
        return tuple(int(size) for size in layer.output(x).dims)
    except ArchError:
        return None


def theirs(live: Live, layer: Layer, x: Shape) -> tuple[int, ...] | None:
    """The shape PyTorch gives, or none where it refuses or leaves nothing.

    On tensors with values: without them it checks less.
    """
    try:
        with torch.no_grad():
            made = tuple(live(layer, x)(torch.zeros(2, *map(int, x.dims))).shape[1:])
    except (RuntimeError, ValueError):
        return None
    return None if 0 in made else made


def agree(live: Live, layer: Layer, x: Shape) -> None:
    assert ours(layer, x) == theirs(live, layer, x), (x, layer.written)


@at_random
@given(data=st.data(), x=inputs())
def test_convolution(live: Live, data: st.DataObject, x: Shape) -> None:
    paddings: Any = st.one_of(st.sampled_from(["half", "valid", "same"]), per_axis(x.rank, 0, 4))
    layer = Conv(
        kernel=data.draw(per_axis(x.rank, 1, 5)),
        channels=data.draw(st.sampled_from([1, 2, 4, 6])),
        stride=data.draw(per_axis(x.rank, 1, 4)),
        padding=data.draw(paddings),
        dilation=data.draw(per_axis(x.rank, 1, 3)),
        groups=data.draw(st.sampled_from([1, 1, 1, 2, 3, 4])),
        padding_mode=data.draw(st.sampled_from(["zeros", "zeros", "reflect", "replicate", "circular"])),
    )
    agree(live, layer, x)


@at_random
@given(data=st.data(), x=inputs())
def test_depthwise_convolution(live: Live, data: st.DataObject, x: Shape) -> None:
    layer = DepthwiseConv(
        kernel=data.draw(per_axis(x.rank, 1, 5)),
        stride=data.draw(per_axis(x.rank, 1, 4)),
        dilation=data.draw(per_axis(x.rank, 1, 3)),
        multiplier=data.draw(st.integers(1, 3)),
    )
    agree(live, layer, x)


@at_random
@given(data=st.data(), x=inputs())
def test_transposed_convolution(live: Live, data: st.DataObject, x: Shape) -> None:
    layer = TransposedConv(
        kernel=data.draw(per_axis(x.rank, 1, 5)),
        channels=data.draw(st.sampled_from([1, 2, 4, 6])),
        stride=data.draw(per_axis(x.rank, 1, 4)),
        padding=data.draw(per_axis(x.rank, 0, 3)),
        output_padding=data.draw(per_axis(x.rank, 0, 3)),
        dilation=data.draw(per_axis(x.rank, 1, 3)),
        groups=data.draw(st.sampled_from([1, 1, 1, 2, 3])),
    )
    agree(live, layer, x)


@pytest.mark.parametrize("kind", [MaxPool, AvgPool])
@at_random
@given(data=st.data(), x=inputs())
def test_pooling(live: Live, kind: Kind, data: st.DataObject, x: Shape) -> None:
    arguments: dict[str, Any] = {
        "kernel": data.draw(per_axis(x.rank, 1, 6)),
        "stride": data.draw(st.one_of(st.none(), per_axis(x.rank, 1, 5))),
        "padding": data.draw(per_axis(x.rank, 0, 3)),
        "ceil": data.draw(st.booleans()),
    }
    if kind is MaxPool:
        arguments["dilation"] = data.draw(per_axis(x.rank, 1, 3))
    agree(live, kind(**arguments), x)


@pytest.mark.parametrize("kind", [AdaptiveAvgPool, AdaptiveMaxPool])
@at_random
@given(data=st.data(), x=inputs())
def test_adaptive_pooling(live: Live, kind: Kind, data: st.DataObject, x: Shape) -> None:
    agree(live, kind(size=data.draw(per_axis(x.rank, 1, 9))), x)


# Dumoulin & Visin 2016: input, kernel, stride, padding, dilation and output.
PUBLISHED = [
    (4, 3, 1, 0, 1, 2),
    (5, 4, 1, 2, 1, 6),
    (5, 3, 1, 1, 1, 5),
    (5, 3, 1, 2, 1, 7),
    (5, 3, 2, 0, 1, 2),
    (5, 3, 2, 1, 1, 3),
    (6, 3, 2, 1, 1, 3),
    (7, 3, 1, 0, 2, 3),
]


@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "dilation", "expected"), PUBLISHED)
def test_published_convolutions(
    live: Live, size: int, kernel: int, stride: int, padding: int, dilation: int, expected: int
) -> None:
    layer = Conv(kernel=kernel, channels=1, stride=stride, padding=padding, dilation=dilation)
    x = Shape.of((1, size, size))
    assert ours(layer, x) == theirs(live, layer, x) == (1, expected, expected)


@pytest.mark.parametrize(("size", "kernel", "stride", "padding", "dilation", "made"), PUBLISHED[:7])
def test_published_transposed_twins(
    live: Live, size: int, kernel: int, stride: int, padding: int, dilation: int, made: int
) -> None:
    # The sizes that a floor made equal are told apart by a row more: 6 and 5 both give 3.
    extra = 1 if size == 6 else 0
    layer = TransposedConv(kernel=kernel, channels=1, stride=stride, padding=padding, output_padding=extra)
    x = Shape.of((1, made, made))
    assert ours(layer, x) == theirs(live, layer, x) == (1, size, size)


def test_the_numbers_of_the_lecture() -> None:
    assert Window(3).output(4) == 2
    assert Window(4, 1, (2, 2)).output(5) == 6
    assert Window(3, 2).output(5) == 2
    for kernel in (1, 3, 5, 7):
        half = Conv(kernel=kernel, channels=1)
        assert half.torch_padding(Shape.of((1, 9, 9))) == ((kernel - 1) // 2,) * 2
        assert ours(half, Shape.of((1, 9, 9))) == (1, 9, 9)


@pytest.mark.parametrize(
    ("kind", "size", "kernel", "stride", "expected"),
    [(MaxPool, 32, 1, 2, 16), (MaxPool, 6, 1, 2, 3), (AvgPool, 32, 8, 4, 7)],
)
def test_ceil_mode(live: Live, kind: Kind, size: int, kernel: int, stride: int, expected: int) -> None:
    layer = kind(kernel=kernel, stride=stride, ceil=True)
    x = Shape.of((1, size, size))
    assert ours(layer, x) == theirs(live, layer, x) == (1, expected, expected)


def test_transposed_costs_count_the_places_of_the_input() -> None:
    layer = TransposedConv(kernel=2, channels=8, stride=2)
    assert layer.macs(Shape.of((4, 5, 5))) == 4 * 8 * 2 * 2 * 5 * 5


def test_adaptive_bins(live: Live) -> None:
    """Bin j spans ⌊ji/o⌋ to ⌈(j+1)i/o⌉."""
    x = torch.arange(7.0).reshape(1, 1, 7)
    made = live(AdaptiveAvgPool(size=3), Shape.of((1, 7)))(x)
    bins = [(j * 7 // 3, -(-(j + 1) * 7 // 3)) for j in range(3)]
    assert bins == [(0, 3), (2, 5), (4, 7)]
    assert made.flatten().tolist() == [sum(range(start, end)) / (end - start) for start, end in bins]


WEIGHTS = [[1.1, 1.2, 1.3, 1.4], [1.5, 1.6, 1.7, 1.8]]
BIAS = [1.9, 2.0]


@pytest.mark.parametrize(
    ("layer", "sizes"),
    [
        (FullyConnected(features=2), (1, 2, 2)),
        (FullyConnected(features=2), (4,)),
        (ConvHead(channels=2), (1, 2, 2)),
        (Conv(kernel=2, channels=2, padding="valid"), (1, 2, 2)),
        (Conv(kernel=1, channels=2), (4, 1, 1)),
    ],
    ids=lambda value: value.written if isinstance(value, Layer) else "x".join(map(str, value)),
)
def test_a_fully_connected_layer_is_a_convolution(live: Live, layer: Layer, sizes: tuple[int, ...]) -> None:
    x = Shape.of(sizes)
    module = live(layer, x)
    weight, bias = module.parameters()
    with torch.no_grad():
        weight.copy_(torch.tensor(WEIGHTS).reshape(weight.shape))
        bias.copy_(torch.tensor(BIAS))
    made = torch.relu(module(torch.tensor([1.0, 2.0, 3.0, 4.0]).reshape(1, *sizes)))
    torch.testing.assert_close(made.flatten(), torch.tensor([14.9, 19.0]))
