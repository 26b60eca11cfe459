"""How a tensor of one framework's layout becomes one of PyTorch's, where names and shapes leave no doubt.

Keras, TensorFlow and Flax keep the weights of a convolution as H×W×in×out, which they call `kernel`, and those of
a fully connected layer as in×out. Of a map they make a vector with the channels last.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod

from archdsl.analysis.state import StateTensor
from archdsl.record import record
from archdsl.shape import Layout

Shape = tuple[int, ...]

TRANSPOSED_ROLES = frozenset({"kernel", "depthwise_kernel"})
"""What only frameworks with the channels last call a weight."""


@record
class Conversion:
    """A tensor reshaped to `split` if that is given, its axes put in another order, then reshaped to `shape`."""

    shape: Shape
    axes: Shape | None = None
    split: Shape | None = None
    description: str = ""
    """What is done to the tensor; '' where nothing is."""


def conversion(shape: Shape, role: str, needed: StateTensor) -> Conversion | None:
    """How a tensor that a file has under `role` becomes the one that is needed; None where it can't be."""
    for found in _conversions(shape, role, needed):
        if found.shape == needed.shape and prod(shape) == prod(needed.shape):
            return found
    return None


def _conversions(shape: Shape, role: str, needed: StateTensor) -> Iterator[Conversion]:
    if role in TRANSPOSED_ROLES:
        yield from _channels_last(shape, role, needed)
        return
    yield Conversion(shape)
    if _without_last_ones(shape) == _without_last_ones(needed.shape):
        yield Conversion(needed.shape, description="axes of size 1 at the end")
    # A fully connected layer on a map is a convolution as large as the map, and both have their weights in one order.
    if 2 in (len(shape), len(needed.shape)) and shape[:1] == needed.shape[:1]:
        yield Conversion(needed.shape, description="a convolution as large as its input is a fully connected layer")


def _channels_last(shape: Shape, role: str, needed: StateTensor) -> Iterator[Conversion]:
    rank = len(shape)
    made: Shape
    if rank == 2:
        arriving = needed.layer.input
        if arriving.rank and arriving.layout is Layout.CHANNELS_FIRST and prod(_settled(arriving.dims)) == shape[0]:
            channels, *sizes = _settled(arriving.dims)
            split = (*sizes, channels, shape[1])
            axes = (len(split) - 1, len(split) - 2, *range(len(sizes)))
            yield Conversion(shape[::-1], axes, split, "from rows over H×W×C to rows over C×H×W")
        else:
            yield Conversion(shape[::-1], (1, 0), None, "transposed")
        return
    if rank < 3:
        return
    places = tuple(range(rank - 2))
    if role == "depthwise_kernel":
        channels, multiplier = shape[-2:]
        made = (channels * multiplier, 1, *shape[:-2])
        yield Conversion(made, (rank - 2, rank - 1, *places), None, "from H×W×channels×multiplier")
    yield Conversion((shape[-1], shape[-2], *shape[:-2]), (rank - 1, rank - 2, *places), None, "from H×W×in×out")


def _settled(dims: tuple[object, ...]) -> tuple[int, ...]:
    return tuple(size for size in dims if isinstance(size, int))


def _without_last_ones(shape: Shape) -> Shape:
    while shape and shape[-1] == 1:
        shape = shape[:-1]
    return shape
