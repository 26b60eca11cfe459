"""Convolutions: plain, depthwise, transposed, and as a classifier."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from archdsl.diagnostics import Diagnostic
from archdsl.layers.base import (
    Axes,
    ImpossibleLayer,
    PaddingAxes,
    Positive,
    Role,
    require,
    require_divisor,
)
from archdsl.layers.biased import BiasedLayer
from archdsl.layers.kept import INPUT, Kept
from archdsl.layers.sight import View, along, transposed
from archdsl.layers.torch_call import FLATTEN, Module, Step
from archdsl.layers.window import PaddingMode, ShapeTooSmall, WindowLayer, require_padding, transposed_formula
from archdsl.shape import Dim, Layout, Shape, Window, product
from archdsl.symbolic import compare, maximum

_DEFAULTS: dict[str, Any] = {
    "stride": 1,
    "padding": 0,
    "output_padding": 0,
    "dilation": 1,
    "groups": 1,
    "bias": True,
    "padding_mode": "zeros",
}


class _Convolution(BiasedLayer, WindowLayer):
    role = Role.CONVOLUTION
    digits = "kernel"
    slash = "stride"

    kernel: Axes = Field(description="size of the window, one number or one an axis")
    stride: Axes = Field(1, description="step of the window")
    padding: Literal["half", "valid", "same"] | PaddingAxes = Field(
        "half", description='what is added on each side: "half" is ⌊d(k−1)/2⌋, "valid" none, "same" keeps the size'
    )
    dilation: Axes = Field(1, description="distance between the taps of the kernel")
    padding_mode: PaddingMode = Field("zeros", description="what the padding holds")

    def filters(self, x: Shape) -> Dim:
        """The number of output channels."""
        raise NotImplementedError

    def group_count(self, x: Shape) -> Dim:
        """The number of groups that the channels are split into."""
        raise NotImplementedError

    def pads(self, x: Shape) -> tuple[tuple[Dim, Dim], ...]:
        """What is added before and after on each axis."""
        if self.padding == "same":
            axes = zip(self.per_axis("kernel", x), self.per_axis("dilation", x), strict=True)
            totals = [d * (k - 1) for k, d in axes]
            # As PyTorch does it: the odd one goes behind.
            return tuple((total // 2, total - total // 2) for total in totals)
        return tuple((pad, pad) for pad in self.torch_padding(x))

    def torch_padding(self, x: Shape) -> tuple[Dim, ...]:
        """The padding of each axis where it is the same on both sides."""
        if self.padding == "valid":
            return (0,) * x.rank
        if self.padding == "half":
            axes = zip(self.per_axis("kernel", x), self.per_axis("dilation", x), strict=True)
            return tuple(d * (k - 1) // 2 for k, d in axes)
        return self.per_axis("padding", x)

    def axis_by_axis(self, x: Shape) -> dict[str, tuple[Any, ...]]:
        if self.padding == "same":
            return {}
        found = {field: self.per_axis(field, x) for field in ("kernel", "stride")}
        return found | {"padding": self.torch_padding(x)}

    @property
    def has_half_padding(self) -> bool:
        return self.padding == "half"

    def windows(self, x: Shape) -> tuple[Window, ...]:
        kernels, strides, dilations = (self.per_axis(field, x) for field in ("kernel", "stride", "dilation"))
        axes = zip(kernels, strides, self.pads(x), dilations, strict=True)
        return tuple(Window(k, s, p, d) for k, s, p, d in axes)

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        pads = self.pads(x)
        if self.padding_mode == "zeros" and all(before == behind for before, behind in pads):
            return INPUT
        # Padded ahead of the convolution, into a tensor of its own; a mirror's gradient needs its input as well.
        padded = product(size + sum(pair) for size, pair in zip(x.spatial, pads, strict=True)) * x.channels
        return Kept(input=self.padding_mode in ("reflect", "replicate"), extra=padded)

    def output(self, x: Shape) -> Shape:
        if self.padding == "same":
            for step in self.per_axis("stride", x):
                require(compare("==", step, 1), _same_with_stride)
        filters = self.filters(x)
        require_divisor(self.group_count(x), x.channels, "groups", "arriving channels", x)
        require_divisor(self.group_count(x), filters, "groups", "outgoing channels", x)
        require_padding(self.padding_mode, self.pads(x), x)
        return x.with_channels(filters).with_spatial(self.slide(x))

    def weights(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        taps = (x.channels // self.group_count(x), *self.per_axis("kernel", x))
        return self.weight_and_bias((self.filters(x), *taps), self.filters(x))

    def macs(self, x: Shape) -> Dim:
        return product(self.weights(x)["weight"]) * product(self.output(x).spatial)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        padding: Any = "same" if self.padding == "same" else one_or_each(self.torch_padding(x))
        return (
            Module.of(
                f"Conv{x.rank}d",
                x.channels,
                self.filters(x),
                defaults=_DEFAULTS,
                kernel_size=one_or_each(self.per_axis("kernel", x)),
                stride=one_or_each(self.per_axis("stride", x)),
                padding=padding,
                dilation=one_or_each(self.per_axis("dilation", x)),
                groups=self.group_count(x),
                bias=self.has_bias,
                padding_mode=self.padding_mode,
            ),
        )


def _same_with_stride() -> Diagnostic:
    return ImpossibleLayer(
        None,
        'padding "same" keeps the size, which a stride above 1 can\'t',
        helps=['leave `padding` out: "half" padding gives ⌈i/s⌉ for odd kernels'],
    )


def one_or_each(axes: tuple[Any, ...]) -> Any:
    """One number where all axes agree, else the tuple."""
    return axes[0] if len(set(axes)) == 1 else axes


class Conv(_Convolution):
    """Convolution with half padding unless said otherwise (Dumoulin & Visin 2016, section 2)."""

    keyword = "conv"
    elsewhere = (
        (
            "PyTorch: Conv1d Conv2d Conv3d(in_channels>, out_channels>channels, kernel_size>kernel, stride, "
            "padding=0, dilation, groups, bias, padding_mode)"
        ),
        (
            "PyTorch: LazyConv1d LazyConv2d LazyConv3d(out_channels>channels, kernel_size>kernel, stride, padding=0, "
            "dilation, groups, bias, padding_mode)"
        ),
        (
            "Keras: Conv1D Conv2D Conv3D Convolution1D Convolution2D Convolution3D(filters>channels, "
            "kernel_size>kernel, strides>stride, padding='valid', data_format>, dilation_rate>dilation, groups, "
            "activation>+, use_bias>bias)"
        ),
        (
            "Darknet: convolutional(filters>channels, size>kernel, stride, pad=0, activation>+, batch_normalize>bn, "
            "groups)"
        ),
        "Caffe: Convolution(num_output>channels, kernel_size>kernel, stride, pad>padding=0, group>groups)",
        "papers: conv_layer convlayer convolution_layer",
    )
    dash = "channels"
    examples = (
        "3x32x32: conv3-64",
        "3x32x32: conv7-64/2",
        "64x17x17: conv1x7-128",
        "64x9x9: conv3-{128}/{(1, 2)}(groups=32)",
        '8x9x9: conv3-8(padding="same", dilation=2)',
        '8x9x9: conv3-8(padding="valid", bias=false)',
        '8x9x9: conv5-8(padding_mode="reflect")',
        "1x100: conv5-8/2",
        "3x8x20x20: conv3x5x5-4",
    )

    channels: Positive = Field(description="number of filters, the channels that come out")
    groups: Positive = Field(1, description="number of groups the channels are split into")

    def filters(self, x: Shape) -> Dim:
        return self.channels

    def group_count(self, x: Shape) -> Dim:
        return self.groups


class DepthwiseConv(_Convolution):
    """Depthwise convolution: each channel has its own filters (MobileNet, Howard et al. 2017)."""

    keyword = "dwconv"
    elsewhere = (
        (
            "Keras: DepthwiseConv1D DepthwiseConv2D(kernel_size>kernel, strides>stride, padding='valid', "
            "depth_multiplier>multiplier, data_format>, dilation_rate>dilation, activation>+, use_bias>bias)"
        ),
        "papers: depthwise depthwise_conv conv_dw dw dw_conv dconv depthwise_convolution",
    )
    examples = ("32x14x14: dwconv3/2", "32x14x14: dwconv5(multiplier=2)", "8x50: dwconv3", "4x8x8x8: dwconv3")

    multiplier: Positive = Field(1, description="filters for each channel")

    def filters(self, x: Shape) -> Dim:
        return x.channels * self.multiplier

    def group_count(self, x: Shape) -> Dim:
        return x.channels


class TransposedConv(BiasedLayer):
    """Transposed convolution, without padding unless said otherwise (Dumoulin & Visin 2016, section 4)."""

    keyword = "deconv"
    elsewhere = (
        (
            "PyTorch: ConvTranspose1d ConvTranspose2d ConvTranspose3d(in_channels>, out_channels>channels, "
            "kernel_size>kernel, stride, padding, output_padding, groups, bias, dilation)"
        ),
        (
            "Keras: Conv1DTranspose Conv2DTranspose Conv3DTranspose Convolution2DTranspose(filters>channels, "
            "kernel_size>kernel, strides>stride, padding='valid', output_padding>!, data_format>, "
            "dilation_rate>dilation, activation>+, use_bias>bias)"
        ),
        "Darknet: deconvolutional(filters>channels, size>kernel, stride, pad>!, activation>+, batch_normalize>bn)",
        "Caffe: Deconvolution(num_output>channels, kernel_size>kernel, stride, pad>padding, group>groups)",
        "papers: convtranspose conv_transpose transposed_conv transposed_convolution upconv up_conv tconv transconv",
    )
    role = Role.CONVOLUTION
    digits = "kernel"
    dash = "channels"
    slash = "stride"
    ranks = frozenset({1, 2, 3})
    layouts = frozenset({Layout.CHANNELS_FIRST})
    examples = (
        "64x16x16: deconv2-64/2",
        "8x5x5: deconv3-4/2(padding=1, output_padding=1)",
        "8x5x5: deconv3-4(groups=2, dilation=2, bias=false)",
        "8x9: deconv4-8/2(padding=1)",
        "4x4x4x4: deconv2-4/2",
    )

    kernel: Axes = Field(description="size of the window, one number or one an axis")
    channels: Positive = Field(description="channels that come out")
    stride: Axes = Field(1, description="step of the window in the output")
    padding: PaddingAxes = Field(0, description="how much is cut off on each side")
    output_padding: PaddingAxes = Field(0, description="rows added on one side of the output")
    groups: Positive = Field(1, description="number of groups the channels are split into")
    dilation: Axes = Field(1, description="distance between the taps of the kernel")

    def windows(self, x: Shape) -> tuple[Window, ...]:
        fields = ("kernel", "stride", "padding", "dilation")
        axes = zip(*(self.per_axis(field, x) for field in fields), strict=True)
        return tuple(Window(k, s, (p, p), d) for k, s, p, d in axes)

    def output(self, x: Shape) -> Shape:
        windows = self.windows(x)
        extras = self.per_axis("output_padding", x)
        for window, extra in zip(windows, extras, strict=True):
            limit = maximum(window.stride, window.dilation)
            require(
                compare("<", extra, limit),
                lambda extra=extra, limit=limit: ImpossibleLayer(  # type: ignore[misc]
                    None, f"output_padding {extra} isn't below the stride or the dilation, {limit}"
                ),
            )
        require_divisor(self.groups, x.channels, "groups", "arriving channels", x)
        require_divisor(self.groups, self.channels, "groups", "outgoing channels", x)
        sizes = tuple(w.transposed(i, extra) for w, i, extra in zip(windows, x.spatial, extras, strict=True))
        for window, size, extra, made in zip(windows, x.spatial, extras, sizes, strict=True):
            require(
                compare(">=", made, 1),
                lambda window=window, size=size, extra=extra: ShapeTooSmall(  # type: ignore[misc]
                    None,
                    f"`deconv` cuts off all that it makes of {size}",
                    f"{x} arrives here",
                    notes=[transposed_formula(window, size, extra)],
                ),
            )
        return x.with_channels(self.channels).with_spatial(sizes)

    def arithmetic(self, x: Shape) -> tuple[str, ...]:
        axes = zip(self.windows(x), x.spatial, self.per_axis("output_padding", x), strict=True)
        return tuple(dict.fromkeys(transposed_formula(*axis) for axis in axes))

    def view(self, x: Shape) -> View:
        return along(map(transposed, self.windows(x)))

    def filter_axis(self, x: Shape) -> int | None:
        # The first axis is that of the channels that arrive, of which each group has its own.
        return 1

    def weights(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        taps = (self.channels // self.groups, *self.per_axis("kernel", x))
        return self.weight_and_bias((x.channels, *taps), self.channels)

    def macs(self, x: Shape) -> Dim:
        # Each position of the input, not of the output, meets every tap.
        return product(self.weights(x)["weight"]) * product(x.spatial)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (
            Module.of(
                f"ConvTranspose{x.rank}d",
                x.channels,
                self.channels,
                defaults=_DEFAULTS,
                kernel_size=self.kernel,
                stride=self.stride,
                padding=self.padding,
                output_padding=self.output_padding,
                groups=self.groups,
                bias=self.has_bias,
                dilation=self.dilation,
            ),
        )


class ConvHead(BiasedLayer):
    """A convolution as large as its input, then flatten: the classifier without a fully connected layer."""

    keyword = "conv-head"
    role = Role.LINEAR
    dash = "channels"
    ranks = frozenset({1, 2, 3})
    layouts = frozenset({Layout.CHANNELS_FIRST})
    examples = (
        "512x7x7: conv-head-10",
        "4x2x2: conv-head-2(bias=false)",
        "4x9: conv-head-3",
        "4x2x3x4: conv-head-3",
    )

    channels: Positive = Field(description="number of classes, the features that come out")

    def output(self, x: Shape) -> Shape:
        return Shape.vector(self.channels)

    def weights(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        return self.weight_and_bias((self.channels, x.channels, *x.spatial), self.channels)

    def macs(self, x: Shape) -> Dim:
        return product(self.weights(x)["weight"])

    def torch(self, x: Shape) -> tuple[Step, ...]:
        module = Module.of(
            f"Conv{x.rank}d",
            x.channels,
            self.channels,
            defaults=_DEFAULTS,
            kernel_size=one_or_each(x.spatial),
            bias=self.has_bias,
        )
        return (module, FLATTEN)
