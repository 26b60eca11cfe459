"""Fully connected layers."""

from __future__ import annotations

from pydantic import Field

from archdsl.layers.base import Positive, Role
from archdsl.layers.biased import BiasedLayer
from archdsl.layers.sight import Extent, View, unchanged
from archdsl.layers.torch_call import FLATTEN, Module, Step
from archdsl.shape import Dim, Layout, Shape


class _Linear(BiasedLayer):
    role = Role.LINEAR
    dash = "features"

    features: Positive = Field(description="number of features that come out")

    def in_features(self, x: Shape) -> Dim:
        """The features that each output is a weighted sum of."""
        raise NotImplementedError

    def weights(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        return self.weight_and_bias((self.features, self.in_features(x)), self.features)

    def macs(self, x: Shape) -> Dim:
        # A linear layer runs once for each of the places beside its axis, which are elements too.
        return x.elements * self.features

    def module(self, x: Shape) -> Module:
        return Module.of("Linear", self.in_features(x), self.features, defaults={"bias": True}, bias=self.has_bias)


class FullyConnected(_Linear):
    """Fully connected layer; a feature map is flattened first (PyTorch's Flatten and Linear)."""

    keyword = "fc"
    elsewhere = (
        "PyTorch: Linear?(in_features>, out_features>features, bias)",
        "PyTorch: LazyLinear?(out_features>features, bias)",
        "Keras: Dense?(units>features, activation>+, use_bias>bias)",
        "Darknet: connected(output>features, activation>+, batch_normalize>bn)",
        "Caffe: InnerProduct(num_output>features)",
        "papers: dense fully_connected full? affine fc_layer dense_layer linear_layer",
    )
    examples = (
        "512: fc-1000",
        "16x5x5: fc-120",
        "16x9: fc-12(bias=false)",
        "2x3x4x5: fc-6",
        "4x3x2: permute(0, 2, 3, 1) fc-5",
    )

    def in_features(self, x: Shape) -> Dim:
        return x.elements

    def output(self, x: Shape) -> Shape:
        return Shape.vector(self.features)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (self.module(x),) if x.rank == 0 else (FLATTEN, self.module(x))


class Linear(_Linear):
    """Linear layer over the last axis, whatever that axis means (PyTorch's Linear)."""

    keyword = "linear"
    examples = (
        "512: linear-64",
        "7x96: linear-64(bias=false)",
        "3x7x96: linear-64",
        "2x3x4x5: linear-6",
        "96x7x7: permute(0, 2, 3, 1) linear-384",
    )

    def in_features(self, x: Shape) -> Dim:
        return x.dims[-1]

    def output(self, x: Shape) -> Shape:
        return Shape((*x.dims[:-1], self.features), x.layout)

    def filter_axis(self, x: Shape) -> int | None:
        # With channels first its features are places.
        return None if x.layout is Layout.CHANNELS_FIRST else 0

    def view(self, x: Shape) -> View:
        # With channels first, the last axis is one of places.
        places = unchanged(x.rank)
        return (*places[:-1], Extent.WHOLE) if x.layout is Layout.CHANNELS_FIRST else places

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (self.module(x),)
