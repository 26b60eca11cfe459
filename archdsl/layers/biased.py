"""Layers with an offset that may be left out: what convolutions and linear layers share."""

from __future__ import annotations

from typing import Self

from pydantic import Field

from archdsl.layers.base import Layer
from archdsl.shape import Dim, Shape


class BiasedLayer(Layer):
    """A layer that adds an offset to what it makes, unless a batch normalization follows."""

    output_is_scratch = True

    bias: bool | None = Field(None, description="whether an offset is added; by default unless a batch norm follows")

    @property
    def has_bias(self) -> bool:
        return self.bias is not False

    def filter_axis(self, x: Shape) -> int | None:
        """The axis of `weight` on which what makes one channel of the output stands together; None if none is that."""
        return 0

    def weight_and_bias(self, weight: tuple[Dim, ...], features: Dim) -> dict[str, tuple[Dim, ...]]:
        """The weights by name: `weight`, and `bias` of this many features where there is one."""
        return {"weight": weight, "bias": (features,)} if self.has_bias else {"weight": weight}

    def without_bias(self) -> Self:
        if self.bias is not None:
            return self
        bare = self.model_copy(update={"bias": False})
        # Nobody wrote it, so that the layer as written must not show it.
        bare.model_fields_set.discard("bias")
        return bare
