"""Poolings: the maximum or the mean of windows, of bins, or of the whole map."""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import Field

from archdsl.layers.base import Axes, ImpossibleLayer, Layer, PaddingAxes, Role, require
from archdsl.layers.kept import INPUT, NOTHING, Kept
from archdsl.layers.sight import View, along, bins
from archdsl.layers.torch_call import FLATTEN, Module, Step
from archdsl.layers.window import ShapeTooSmall, WindowLayer
from archdsl.shape import Dim, Layout, Shape, Window
from archdsl.symbolic import compare, maximum

_DEFAULTS: dict[str, Any] = {
    "stride": None,
    "padding": 0,
    "dilation": 1,
    "ceil_mode": False,
    "count_include_pad": True,
}


class Pool(WindowLayer):
    """What poolings share that slide a window."""

    role = Role.POOLING
    digits = "kernel"
    slash = "stride"
    torch_name: ClassVar[str]

    kernel: Axes = Field(2, description="size of the window, one number or one an axis")
    stride: Axes | None = Field(None, description="step of the window; by default its size")
    padding: PaddingAxes = Field(0, description="what is added on each side, at most half the kernel")
    ceil: bool = Field(False, description="whether a last window that is only partly filled counts")

    def steps(self, x: Shape) -> tuple[Dim, ...]:
        """The step of the window on each axis."""
        return self.per_axis("kernel" if self.stride is None else "stride", x)

    def dilations(self, x: Shape) -> tuple[Dim, ...]:
        """The distance between the elements of the window on each axis."""
        return (1,) * x.rank

    def windows(self, x: Shape) -> tuple[Window, ...]:
        kernels, pads = self.per_axis("kernel", x), self.per_axis("padding", x)
        axes = zip(kernels, self.steps(x), pads, self.dilations(x), strict=True)
        return tuple(Window(k, s, (p, p), d, self.ceil) for k, s, p, d in axes)

    def output(self, x: Shape) -> Shape:
        for kernel, pad in zip(self.per_axis("kernel", x), self.per_axis("padding", x), strict=True):
            require(
                compare("<=", 2 * pad, kernel),
                lambda kernel=kernel, pad=pad: ImpossibleLayer(  # type: ignore[misc]
                    None, f"`{self.keyword}` takes a padding of at most half its kernel {kernel}, got {pad}"
                ),
            )
        return x.with_spatial(self.slide(x))

    def module(self, x: Shape, **more: Any) -> Module:
        """The module with what is common to all poolings, and `more`."""
        return Module.of(
            f"{self.torch_name}{x.rank}d",
            defaults=_DEFAULTS,
            kernel_size=self.kernel,
            stride=None if self.steps(x) == self.per_axis("kernel", x) else self.stride,
            padding=self.padding,
            **more,
            ceil_mode=self.ceil,
        )


class MaxPool(Pool):
    """Maximum of each window, 2 wide unless said otherwise (PyTorch's MaxPool)."""

    keyword = "maxpool"
    elsewhere = (
        (
            "PyTorch: MaxPool1d MaxPool2d MaxPool3d(kernel_size>kernel, stride, padding, dilation, return_indices>, "
            "ceil_mode>ceil)"
        ),
        (
            "Keras: MaxPooling1D MaxPooling2D MaxPooling3D MaxPool1D MaxPool2D MaxPool3D(pool_size>kernel=2, "
            "strides>stride, padding, data_format>)"
        ),
        "Darknet: maxpool(size>kernel=2, stride=2)",
        (
            "functions: max_pool1d max_pool2d max_pool3d(x>, kernel_size>kernel, stride, padding, dilation, "
            "ceil_mode>ceil)"
        ),
        "papers: max_pool max_pooling pool? pooling? subsampling?",
    )
    torch_name = "MaxPool"
    examples = (
        "64x112x112: maxpool",
        "64x112x112: maxpool3/2(padding=1)",
        "64x112x112: maxpool3/2(ceil=true)",
        "8x12x12: maxpool3x2/1x2",
        "8x12x12: maxpool3/1(dilation=2, padding=1)",
        "8x100: maxpool4",
        "4x8x8x8: maxpool3/2(padding=1)",
        "4x8x8x8: maxpool1x2x2",
    )

    dilation: Axes = Field(1, description="distance between the elements of the window")

    def dilations(self, x: Shape) -> tuple[Dim, ...]:
        return self.per_axis("dilation", x)

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        return Kept(input=True, indices=self.output(x).elements)

    def workspace(self, x: Shape) -> Kept:
        # The places of the maxima are found in inference too, and thrown away.
        return Kept(indices=self.output(x).elements)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (self.module(x, dilation=self.dilation),)


class AvgPool(Pool):
    """Mean of each window, 2 wide unless said otherwise (PyTorch's AvgPool)."""

    keyword = "avgpool"
    elsewhere = (
        (
            "PyTorch: AvgPool1d AvgPool2d AvgPool3d(kernel_size>kernel, stride, padding, ceil_mode>ceil, "
            "count_include_pad, divisor_override>!)"
        ),
        (
            "Keras: AveragePooling1D AveragePooling2D AveragePooling3D AvgPool1D AvgPool2D "
            "AvgPool3D(pool_size>kernel=2, strides>stride, padding, data_format>)"
        ),
        (
            "functions: avg_pool1d avg_pool2d avg_pool3d(x>, kernel_size>kernel, stride, padding, ceil_mode>ceil, "
            "count_include_pad)"
        ),
        "papers: avg_pool avg_pooling average_pool average_pooling mean_pool",
    )
    torch_name = "AvgPool"
    examples = (
        "64x14x14: avgpool7",
        "64x14x14: avgpool3/1(padding=1, count_include_pad=false)",
        "8x15x15: avgpool(ceil=true)",
        "8x100: avgpool4/2(padding=1)",
        "4x8x8x8: avgpool",
    )

    count_include_pad: bool = Field(True, description="whether the padding counts in the mean")

    def output(self, x: Shape) -> Shape:
        # PyTorch's 3-D form alone wants a whole window of input, whatever the padding.
        for size, kernel in zip(x.spatial, self.per_axis("kernel", x), strict=True):
            require(
                compare(">=", size, kernel) if x.rank == 3 else True,
                lambda size=size, kernel=kernel: ShapeTooSmall(  # type: ignore[misc]
                    None, f"`avgpool` of a volume needs at least its kernel {kernel}, got {size}", f"{x} arrives here"
                ),
            )
        return super().output(x)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (self.module(x, count_include_pad=self.count_include_pad),)


_KEEPING = '''\
class Keeping{name}(nn.Module):
    """Pools to a size, except along axes that are longer, which stay as they are."""

    def __init__(self, *least: int) -> None:
        super().__init__()
        self.least = least

    def forward(self, x: Tensor) -> Tensor:
        sizes = [max(size, least) for size, least in zip(x.shape[2:], self.least)]
        return nn.functional.{function}(x, sizes)
'''


class AdaptivePool(Layer):
    """What poolings share that make a map of a given size."""

    role = Role.POOLING
    digits = "size"
    ranks = frozenset({1, 2, 3})
    layouts = frozenset({Layout.CHANNELS_FIRST})
    output_is_scratch = True
    torch_name: ClassVar[str]
    function: ClassVar[str]
    """PyTorch's function of the same, without the number of axes."""

    size: Axes = Field(description="spatial size that comes out, one number or one an axis")
    shrink: bool = Field(True, description="whether a larger map is made that small, too; if not, it stays as it is")

    def sizes(self, x: Shape) -> tuple[Dim, ...]:
        """The spatial sizes that come out."""
        least = self.per_axis("size", x)
        return least if self.shrink else tuple(map(maximum, least, x.spatial))

    def output(self, x: Shape) -> Shape:
        return x.with_spatial(self.sizes(x))

    def view(self, x: Shape) -> View:
        return along(map(bins, x.spatial, self.sizes(x)))

    def torch(self, x: Shape) -> tuple[Step, ...]:
        name = f"{self.torch_name}{x.rank}d"
        if self.shrink:
            return (Module(name, (self.size,)),)
        definition = _KEEPING.format(name=name, function=f"{self.function}{x.rank}d")
        return (Module(f"Keeping{name}", self.per_axis("size", x), definition=definition),)


class AdaptiveAvgPool(AdaptivePool):
    """Mean of as many bins as are wanted; bin j spans ⌊ji/o⌋ to ⌈(j+1)i/o⌉ (PyTorch's AdaptiveAvgPool)."""

    keyword = "adaptive-avgpool"
    elsewhere = (
        "PyTorch: AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d(output_size>size)",
        "functions: adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d(x>, output_size>size)",
        "papers: adaptive_avg_pool adaptive_average_pool",
    )
    torch_name = "AdaptiveAvgPool"
    function = "adaptive_avg_pool"

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        # One bin is a mean, whose gradient is the same everywhere.
        return NOTHING if all(size == 1 for size in self.sizes(x)) else INPUT

    examples = (
        "512x9x9: adaptive-avgpool7",
        "512x3x3: adaptive-avgpool7",
        "8x9x9: adaptive-avgpool1x3",
        "8x3x9: adaptive-avgpool7(shrink=false)",
        "8x100: adaptive-avgpool1",
        "4x4x7x7: adaptive-avgpool{(1, 3, 3)}",
    )


class AdaptiveMaxPool(AdaptivePool):
    """Maximum of as many bins as are wanted; bin j spans ⌊ji/o⌋ to ⌈(j+1)i/o⌉ (PyTorch's AdaptiveMaxPool)."""

    keyword = "adaptive-maxpool"
    elsewhere = (
        "PyTorch: AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d(output_size>size)",
        "functions: adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d(x>, output_size>size)",
        (
            "Keras: GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D GlobalMaxPool1D GlobalMaxPool2D "
            "GlobalMaxPool3D(size:=1, +flatten, data_format>)"
        ),
        "papers: adaptive_max_pool",
    )
    torch_name = "AdaptiveMaxPool"
    function = "adaptive_max_pool"

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        return Kept(input=True, indices=self.output(x).elements)

    def workspace(self, x: Shape) -> Kept:
        # The places of the maxima are found in inference too, and thrown away.
        return Kept(indices=self.output(x).elements)

    examples = (
        "512x9x9: adaptive-maxpool7",
        "8x9x9: adaptive-maxpool1x3",
        "8x3x9: adaptive-maxpool7(shrink=false)",
        "8x100: adaptive-maxpool1",
        "4x4x7x7: adaptive-maxpool2",
    )


class GlobalAvgPool(Layer):
    """Mean of each channel, a vector (Network in Network, Lin et al. 2013, section 3.2)."""

    keyword = "gap"
    elsewhere = (
        (
            "Keras: GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D "
            "GlobalAvgPool2D GlobalAvgPool3D(data_format>)"
        ),
        "Darknet: avgpool()",
        (
            "papers: globalavgpool globalaveragepool global_average_pooling global_avg_pool global_avgpool "
            "global_pool global_pooling global_average_pool"
        ),
    )
    role = Role.POOLING
    ranks = frozenset({1, 2, 3})
    layouts = frozenset({Layout.CHANNELS_FIRST})
    output_is_scratch = True
    examples = ("2048x7x7: gap", "8x100: gap", "4x8x7x7: gap")

    def output(self, x: Shape) -> Shape:
        return Shape.vector(x.channels)

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        return NOTHING

    def torch(self, x: Shape) -> tuple[Step, ...]:
        # Not `mean` and not `AvgPool`: this one gives the same bits as the published models do.
        return (Module(f"AdaptiveAvgPool{x.rank}d", (1,)), FLATTEN)
