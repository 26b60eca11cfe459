"""Sizes of tensors, and the arithmetic of sliding windows: the padding formula stands here, once."""

from __future__ import annotations

import math
from collections.abc import Iterable
from enum import Enum

from archdsl.formula import sizes_text
from archdsl.record import record
from archdsl.symbolic import Dim, ceil_divide, floor_divide, minimum

__all__ = ["Dim", "Layout", "Shape", "Window", "product"]


class Layout(Enum):
    """Where the channels of a tensor stand (the batch axis comes first and is not counted)."""

    VECTOR = "vector"
    CHANNELS_FIRST = "channels first"
    CHANNELS_LAST = "channels last"


@record
class Shape:
    """The sizes of one sample, such as 64x56x56, and what its axes mean.

    A vector has one axis (features); a map has channels and one to three spatial axes.
    """

    dims: tuple[Dim, ...]
    layout: Layout

    @classmethod
    def of(cls, dims: Iterable[Dim]) -> Shape:
        """The shape of an input: a vector if there is one size, else a map with channels first."""
        sizes = tuple(dims)
        return cls(sizes, Layout.VECTOR if len(sizes) == 1 else Layout.CHANNELS_FIRST)

    @classmethod
    def vector(cls, features: Dim) -> Shape:
        return cls((features,), Layout.VECTOR)

    @property
    def rank(self) -> int:
        """The number of spatial axes: 0 for a vector, 2 for an image."""
        return len(self.dims) - 1

    @property
    def channels(self) -> Dim:
        return self.dims[-1] if self.layout is Layout.CHANNELS_LAST else self.dims[0]

    @property
    def spatial(self) -> tuple[Dim, ...]:
        return self.dims[:-1] if self.layout is Layout.CHANNELS_LAST else self.dims[1:]

    @property
    def channel_axis(self) -> int:
        """The axis of the channels in a batch, as PyTorch counts it."""
        return -1 if self.layout is Layout.CHANNELS_LAST else 1

    @property
    def elements(self) -> Dim:
        return product(self.dims)

    def with_channels(self, channels: Dim) -> Shape:
        return self._build(channels, self.spatial)

    def with_spatial(self, spatial: Iterable[Dim]) -> Shape:
        return self._build(self.channels, tuple(spatial))

    def _build(self, channels: Dim, spatial: tuple[Dim, ...]) -> Shape:
        last = self.layout is Layout.CHANNELS_LAST
        return Shape((*spatial, channels) if last else (channels, *spatial), self.layout)

    def __str__(self) -> str:
        return sizes_text(self.dims)


def product(dims: Iterable[Dim]) -> Dim:
    """The product of sizes; 1 of none."""
    return math.prod(dims)


@record
class Window:
    """A window that slides along one axis, in PyTorch's terms.

    `padding` is what is added before and after. Dumoulin & Visin (2016), relationships 1 to 14.
    """

    kernel: Dim
    stride: Dim = 1
    padding: tuple[Dim, Dim] = (0, 0)
    dilation: Dim = 1
    ceil: bool = False

    @property
    def reach(self) -> Dim:
        """The stretch of input that one position sees, d(k − 1) + 1."""
        return self.dilation * (self.kernel - 1) + 1

    def output(self, size: Dim) -> Dim:
        """`⌊(i + 2p − d(k−1) − 1)/s⌋ + 1`, with a ceiling in ceil mode.

        In ceil mode a last window that would start in the right padding is dropped, as in PyTorch;
        written as a minimum, so that one rule serves numbers and unknown sizes.
        """
        before, after = self.padding
        room = size + before + after - self.reach
        if not self.ceil or self.stride == 1:
            return floor_divide(room, self.stride) + 1
        return minimum(ceil_divide(room, self.stride) + 1, ceil_divide(size + before, self.stride))

    def unseen(self, size: int) -> int:
        """How many places at the end of an axis of `size` no window reaches.

        What windows that are set apart leave out between them, s − d(k−1) − 1, is not counted.
        """
        assert isinstance(self.stride, int)
        assert isinstance(self.reach, int)
        before, _ = self.padding
        end = (self.output(size) - 1) * self.stride - before + self.reach
        unseen = size - end - max(0, self.stride - self.reach)
        return max(0, unseen) if isinstance(unseen, int) else 0

    def transposed(self, size: Dim, output_padding: Dim = 0) -> Dim:
        """`(i − 1)s − 2p + d(k−1) + output padding + 1`: the size whose window map this inverts."""
        before, after = self.padding
        return (size - 1) * self.stride - before - after + self.reach + output_padding
