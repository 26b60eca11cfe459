"""Normalizations: what is subtracted and divided by is measured over the batch, groups, channels or places."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from archdsl.layers.base import (
    Fraction,
    ImpossibleLayer,
    Layer,
    NotNegativeNumber,
    Number,
    Positive,
    PositiveNumber,
    Role,
    require,
    require_divisor,
)
from archdsl.layers.kept import NOTHING, Kept
from archdsl.layers.sight import View, everything
from archdsl.layers.torch_call import Module, Step
from archdsl.shape import Dim, Layout, Shape, product
from archdsl.symbolic import compare

_FIRST = frozenset({Layout.VECTOR, Layout.CHANNELS_FIRST})

_SCALE = "whether a scale and an offset are learned for each channel"
_TRACK = "whether running statistics are kept for evaluation"


class _Normalization(Layer):
    role = Role.NORMALIZATION
    output_is_scratch = True


class _Standardization(_Normalization):
    eps: NotNegativeNumber = Field(1e-5, description="what is added to the variance")


class _RunningStandardization(_Standardization):
    momentum: Fraction = Field(0.1, description="share of the new in the running statistics")

    def torch_statistics(
        self, name: str, x: Shape, *, affine: tuple[bool, bool], track: tuple[bool, bool]
    ) -> tuple[Step, ...]:
        """The module; `affine` and `track` are each the value and PyTorch's default."""
        defaults: dict[str, Any] = {
            "eps": 1e-5,
            "momentum": 0.1,
            "affine": affine[1],
            "track_running_stats": track[1],
        }
        return (
            Module.of(
                name,
                x.channels,
                defaults=defaults,
                eps=self.eps,
                momentum=self.momentum,
                affine=affine[0],
                track_running_stats=track[0],
            ),
        )


def _scale_and_offset(wanted: bool, channels: Dim) -> dict[str, tuple[Dim, ...]]:
    return {"weight": (channels,), "bias": (channels,)} if wanted else {}


def _running_statistics(wanted: bool, channels: Dim) -> dict[str, tuple[Dim, ...]]:
    if not wanted:
        return {}
    return {"running_mean": (channels,), "running_var": (channels,), "num_batches_tracked": ()}


class BatchNorm(_RunningStandardization):
    """Batch normalization: each channel over the batch and all places (Ioffe & Szegedy 2015)."""

    keyword = "bn"
    elsewhere = (
        (
            "PyTorch: BatchNorm1d BatchNorm2d BatchNorm3d SyncBatchNorm(num_features>, eps, momentum, affine, "
            "track_running_stats)"
        ),
        "PyTorch: LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d(eps, momentum, affine, track_running_stats)",
        "Keras: BatchNormalization(axis>, momentum>kept=0.99, epsilon>eps=0.001, center>!, scale>!)",
        "papers: batchnorm batch_norm batch_normalisation bnorm",
    )
    layouts = _FIRST
    follows_bias = True
    examples = (
        "64x8x8: bn",
        "64x8x8: bn(eps=0.001, momentum=0.01)",
        "64x8x8: bn(affine=false)",
        "64x8x8: bn(track_running_stats=false)",
        "120: bn",
        "16x100: bn",
        "4x8x8x8: bn",
    )

    eps: PositiveNumber = Field(1e-5, description="what is added to the variance")
    affine: bool = Field(True, description=_SCALE)
    track_running_stats: bool = Field(True, description=_TRACK)

    def weights(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        return _scale_and_offset(self.affine, x.channels)

    def buffers(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        return _running_statistics(self.track_running_stats, x.channels)

    def view(self, x: Shape) -> View:
        # With statistics that were kept each place stands alone, as in evaluation.
        return super().view(x) if self.track_running_stats else everything(x.rank)

    def over_batch(self, x: Shape, training: bool) -> Dim | None:
        return product(x.spatial) if training or not self.track_running_stats else None

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        # The batch's mean and deviation of each channel.
        return Kept(input=True, statistics=2 * x.channels)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        # PyTorch's 1-D class serves vectors and signals alike.
        name = f"BatchNorm{max(x.rank, 1)}d"
        return self.torch_statistics(name, x, affine=(self.affine, True), track=(self.track_running_stats, True))


class InstanceNorm(_RunningStandardization):
    """Instance normalization: each channel of each sample over all places (Ulyanov et al. 2016)."""

    keyword = "instancenorm"
    elsewhere = (
        (
            "PyTorch: InstanceNorm1d InstanceNorm2d InstanceNorm3d(num_features>, eps, momentum, affine, "
            "track_running_stats)"
        ),
        "papers: instance_norm instance_normalization inorm",
    )
    ranks = frozenset({1, 2, 3})
    layouts = frozenset({Layout.CHANNELS_FIRST})
    examples = (
        "64x8x8: instancenorm",
        "64x8x8: instancenorm(affine=true)",
        "64x8x8: instancenorm(track_running_stats=true, momentum=0.2)",
        "16x100: instancenorm",
        "4x8x8x8: instancenorm",
    )

    affine: bool = Field(False, description=_SCALE)
    track_running_stats: bool = Field(False, description=_TRACK)

    def output(self, x: Shape) -> Shape:
        require(
            compare(">", product(x.spatial), 1),
            lambda: ImpossibleLayer(
                None, "`instancenorm` needs more than one place to measure over", f"{x} arrives here"
            ),
        )
        return x

    def view(self, x: Shape) -> View:
        return super().view(x) if self.track_running_stats else everything(x.rank)

    def weights(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        return _scale_and_offset(self.affine, x.channels)

    def buffers(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        return _running_statistics(self.track_running_stats, x.channels)

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        # As a batch norm whose channels are those of all samples, with the scale said once for each.
        copies = x.channels * (1 if self.affine else 0) + x.channels * (2 if self.track_running_stats else 0)
        return Kept(input=True, extra=2 * x.channels + copies)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        name = f"InstanceNorm{x.rank}d"
        return self.torch_statistics(name, x, affine=(self.affine, False), track=(self.track_running_stats, False))


class GroupNorm(_Standardization):
    """Group normalization: groups of channels of each sample over all places (Wu & He 2018)."""

    keyword = "gn"
    elsewhere = (
        "PyTorch: GroupNorm(num_groups>groups, num_channels>, eps, affine)",
        "Keras: GroupNormalization(groups=32, axis>, epsilon>eps=0.001)",
        "papers: groupnorm group_norm",
    )
    dash = "groups"
    layouts = _FIRST
    examples = ("64x8x8: gn-32", "64x8x8: gn-1(affine=false, eps=0.001)", "64: gn-8", "16x100: gn-4", "4x8x8x8: gn-2")

    groups: Positive = Field(description="number of groups the channels are split into")
    affine: bool = Field(True, description=_SCALE)

    def output(self, x: Shape) -> Shape:
        require_divisor(self.groups, x.channels, "groups", "arriving channels", x)
        # What is measured over one number is that number, and PyTorch refuses it for a single sample.
        require(
            compare(">", product(x.dims), self.groups),
            lambda: ImpossibleLayer(
                None, f"`gn` needs more than one number in each of {self.groups} groups", f"{x} arrives here"
            ),
        )
        return x

    def view(self, x: Shape) -> View:
        return everything(x.rank)

    def weights(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        return _scale_and_offset(self.affine, x.channels)

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        return Kept(input=True, extra=2 * self.groups)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        defaults = {"eps": 1e-5, "affine": True}
        return (Module.of("GroupNorm", self.groups, x.channels, defaults=defaults, eps=self.eps, affine=self.affine),)


_CHANNELS_FIRST_LAYER_NORM = '''\
class ChannelsFirstLayerNorm(nn.LayerNorm):
    """Layer normalization over the channels of a map that has them on axis 1."""

    def forward(self, input: Tensor) -> Tensor:
        x = input.movedim(1, -1)
        x = nn.functional.layer_norm(
            x, self.normalized_shape, self.weight, self.bias, self.eps
        )
        return x.movedim(-1, 1)
'''


class LayerNorm(_Standardization):
    """Layer normalization over the channels of each place, whatever the layout (Ba et al. 2016; ConvNeXt)."""

    keyword = "ln"
    elsewhere = (
        "PyTorch: LayerNorm(normalized_shape>, eps, elementwise_affine, bias)",
        "Keras: LayerNormalization(axis>, epsilon>eps=0.001)",
        "timm: LayerNorm2d(num_channels>, eps=1e-6)",
        "papers: layernorm layer_norm lnorm layer_normalisation",
    )
    examples = (
        "96x8x8: ln",
        "96x8x8: ln(eps=1e-6)",
        "96x8x8: ln(elementwise_affine=false)",
        "96x8x8: permute(0, 2, 3, 1) ln",
        "384: ln(bias=false)",
        "16x100: ln",
        "4x8x8x8: ln",
    )

    elementwise_affine: bool = Field(True, description=_SCALE)
    bias: bool = Field(True, description="whether there is an offset beside the scale")

    def weights(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        both = _scale_and_offset(self.elementwise_affine, x.channels)
        return {name: shape for name, shape in both.items() if self.bias or name != "bias"}

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        return Kept(input=True, extra=2 * product(x.spatial))

    def workspace(self, x: Shape) -> Kept:
        # Channels that stand first are brought together ahead.
        return Kept(extra=x.elements) if x.layout is Layout.CHANNELS_FIRST else NOTHING

    def torch(self, x: Shape) -> tuple[Step, ...]:
        first = x.layout is Layout.CHANNELS_FIRST
        return (
            Module.of(
                "ChannelsFirstLayerNorm" if first else "LayerNorm",
                x.channels,
                definition=_CHANNELS_FIRST_LAYER_NORM if first else "",
                defaults={"eps": 1e-5, "elementwise_affine": True, "bias": True},
                eps=self.eps,
                elementwise_affine=self.elementwise_affine,
                bias=self.bias,
            ),
        )


class LocalResponseNorm(_Normalization):
    """Local response normalization across neighbouring channels (AlexNet, Krizhevsky et al. 2012, section 3.3)."""

    keyword = "lrn"
    elsewhere = (
        "PyTorch: LocalResponseNorm(size, alpha, beta, k)",
        "Caffe: LRN(local_size>size, alpha, beta, k)",
        "papers: local_response_norm local_response_normalization response_norm",
    )
    ranks = frozenset({1, 2, 3})
    layouts = frozenset({Layout.CHANNELS_FIRST})
    examples = ("96x8x8: lrn", "96x8x8: lrn(size=3, alpha=0.001, k=2)", "16x100: lrn", "4x8x8x8: lrn")

    size: Positive = Field(5, description="number of neighbouring channels that are summed over")
    alpha: Number = Field(1e-4, description="weight of the sum")
    beta: Number = Field(0.75, description="power of the divisor")
    k: Number = Field(1.0, description="what is added to the sum")

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        # The padded squares that are summed, the sums, and their powers.
        return Kept(input=True, extra=(x.channels + self.size - 1) * product(x.spatial) + 2 * x.elements)

    def workspace(self, x: Shape) -> Kept:
        return Kept(extra=2 * x.elements)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        defaults = {"alpha": 1e-4, "beta": 0.75, "k": 1.0}
        return (
            Module.of("LocalResponseNorm", self.size, defaults=defaults, alpha=self.alpha, beta=self.beta, k=self.k),
        )
