"""Layers that change the number of places: enlarging, trading channels for places, padding and cropping."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from archdsl.diagnostics import ArchError
from archdsl.layers.base import (
    Axes,
    ImpossibleLayer,
    Layer,
    NotNegative,
    PaddingAxes,
    Positive,
    Role,
    WrongAxes,
    require,
    require_divisor,
)
from archdsl.layers.kept import INPUT, NOTHING, Kept
from archdsl.layers.sight import View, along, interpolated, window
from archdsl.layers.torch_call import Function, Module, Step
from archdsl.layers.window import PaddingMode, require_padding
from archdsl.shape import Dim, Layout, Shape, Window
from archdsl.symbolic import compare, conjunction

_TAPS = {"nearest": 1, "bicubic": 4}
_RANKS_OF_MODE = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3}


class _Resample(Layer):
    role = Role.RESHAPE
    ranks = frozenset({1, 2, 3})
    layouts = frozenset({Layout.CHANNELS_FIRST})

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        return NOTHING


class Upsample(_Resample):
    """A map made larger by copying or interpolating (PyTorch's Upsample)."""

    keyword = "upsample"
    elsewhere = (
        "PyTorch: Upsample(size>!, scale_factor>scale, mode, align_corners)",
        "PyTorch: UpsamplingNearest2d(size>!, scale_factor>scale)",
        "PyTorch: UpsamplingBilinear2d(size>!, scale_factor>scale, mode:='bilinear', align_corners:=True)",
        "Keras: UpSampling1D UpSampling2D UpSampling3D(size>scale=2, data_format>, interpolation>mode)",
        "functions: interpolate(x>, size>!, scale_factor>scale, mode, align_corners)",
        "Darknet: upsample(stride>scale=2)",
        "papers: upsampling unpooling? up? resize?",
    )
    digits = "scale"
    output_is_scratch = True
    examples = (
        "64x8x8: upsample2",
        '64x8x8: upsample2(mode="bilinear")',
        '64x8x8: upsample4(mode="bicubic", align_corners=true)',
        "8x5x5: upsample1x3",
        '8x20: upsample2(mode="linear", align_corners=false)',
        '4x3x3x3: upsample2(mode="trilinear")',
    )

    scale: Axes = Field(description="factor of each spatial size, one number or one an axis")
    mode: Literal["nearest", "linear", "bilinear", "bicubic", "trilinear"] = Field(
        "nearest", description="where a new value comes from"
    )
    align_corners: bool | None = Field(None, description="whether the centres of the corner pixels stay in place")

    def output(self, x: Shape) -> Shape:
        rank = _RANKS_OF_MODE.get(self.mode, x.rank)
        if rank != x.rank:
            fitting = [mode for mode, wanted in _RANKS_OF_MODE.items() if wanted == x.rank]
            raise ArchError(
                ImpossibleLayer(
                    None,
                    f'mode "{self.mode}" is for {rank} spatial axes, but {x} has {x.rank}',
                    f"{x} arrives here",
                    helps=["what fits is " + " or ".join(f'"{mode}"' for mode in ["nearest", *fitting])],
                )
            )
        if self.mode == "nearest" and self.align_corners is not None:
            raise ArchError(ImpossibleLayer(None, '`align_corners` means nothing where mode is "nearest"'))
        scales = self.per_axis("scale", x)
        return x.with_spatial(size * scale for size, scale in zip(x.spatial, scales, strict=True))

    def view(self, x: Shape) -> View:
        taps, corners = _TAPS.get(self.mode, 2), self.align_corners
        axes = zip(self.per_axis("scale", x), x.spatial, strict=True)
        return along(interpolated(scale, taps, size if corners else None) for scale, size in axes)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (
            Module.of(
                "Upsample",
                defaults={"mode": "nearest", "align_corners": None},
                scale_factor=self.scale,
                mode=self.mode,
                align_corners=self.align_corners,
            ),
        )


class PixelShuffle(_Resample):
    """Groups of channels laid out as pixels, C·f²×H×W to C×Hf×Wf (Shi et al. 2016)."""

    keyword = "pixelshuffle"
    elsewhere = (
        "PyTorch: PixelShuffle(upscale_factor>factor)",
        "TensorFlow: depth_to_space(x>, block_size>factor)",
        "papers: pixel_shuffle subpixel sub_pixel",
    )
    digits = "factor"
    ranks = frozenset({2})
    examples = ("64x8x8: pixelshuffle2", "9x1x1: pixelshuffle3")

    factor: Positive = Field(description="factor of height and width")

    def output(self, x: Shape) -> Shape:
        area = self.factor * self.factor
        require_divisor(area, x.channels, "pixels a block", "arriving channels", x)
        return x.with_channels(x.channels // area).with_spatial(size * self.factor for size in x.spatial)

    def view(self, x: Shape) -> View:
        return along([interpolated(self.factor, 1)] * x.rank)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Module("PixelShuffle", (self.factor,)),)


class PixelUnshuffle(_Resample):
    """Blocks of pixels made channels, C×Hf×Wf to C·f²×H×W, the inverse of `pixelshuffle` (Shi et al. 2016)."""

    keyword = "pixelunshuffle"
    elsewhere = (
        "PyTorch: PixelUnshuffle(downscale_factor>factor)",
        "TensorFlow: space_to_depth(x>, block_size>factor)",
        "papers: pixel_unshuffle",
    )
    digits = "factor"
    ranks = frozenset({2})
    examples = ("3x8x8: pixelunshuffle2", "1x6x9: pixelunshuffle3")

    factor: Positive = Field(description="divisor of height and width")

    def output(self, x: Shape) -> Shape:
        for size, side in zip(x.spatial, ("rows", "columns"), strict=True):
            require_divisor(self.factor, size, "pixels a block", side, x)
        sizes = tuple(size // self.factor for size in x.spatial)
        return x.with_channels(x.channels * self.factor * self.factor).with_spatial(sizes)

    def view(self, x: Shape) -> View:
        return along([window(Window(self.factor, self.factor))] * x.rank)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Module("PixelUnshuffle", (self.factor,)),)


class ChannelShuffle(_Resample):
    """The channels of all groups dealt out in turn (ShuffleNet, Zhang et al. 2017)."""

    keyword = "channelshuffle"
    elsewhere = (
        "PyTorch: ChannelShuffle(groups)",
        "papers: shuffle? channel_shuffle",
    )
    examples = ("116x28x28: channelshuffle(2)", "12x9: channelshuffle(groups=3)", "8x3x3x3: channelshuffle(4)")

    groups: Positive = Field(description="number of groups the channels come from")

    def output(self, x: Shape) -> Shape:
        require_divisor(self.groups, x.channels, "groups", "arriving channels", x)
        return x

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Module("ChannelShuffle", (self.groups,)),)


_PADDING_MODULES = {
    "zeros": "ZeroPad",
    "reflect": "ReflectionPad",
    "replicate": "ReplicationPad",
    "circular": "CircularPad",
}


class Pad(Layer):
    """Places added around a map, or channels before and behind its own (PyTorch's pad)."""

    keyword = "pad"
    elsewhere = (
        "PyTorch: ZeroPad1d ZeroPad2d ZeroPad3d(padding>amount)",
        "PyTorch: ReflectionPad1d ReflectionPad2d ReflectionPad3d(padding>amount, mode:='reflect')",
        "PyTorch: ReplicationPad1d ReplicationPad2d ReplicationPad3d(padding>amount, mode:='replicate')",
        "PyTorch: CircularPad1d CircularPad2d CircularPad3d(padding>amount, mode:='circular')",
        "Keras: ZeroPadding1D ZeroPadding2D ZeroPadding3D(padding>amount=1, data_format>)",
        "papers: zero_pad zero_padding padding",
    )
    role = Role.RESHAPE
    positional = ("amount", "behind")
    output_is_scratch = True
    examples = (
        "3x8x8: pad(1)",
        "3x8x8: pad(0, 1)",
        "3x8x8: pad(1, (2, 3))",
        '3x8: pad(2, 1, mode="reflect")',
        "16x8x8: pad(0, 1, channels=(0, 4))",
        "3x8x8: pad((1, 2))",
        '3x8x8: pad(2, mode="reflect")',
        '3x8: pad(1, mode="circular")',
        '2x4x4x4: pad((0, 1, 2), mode="replicate")',
        "16x8x8: pad(channels=(8, 8))",
        "16x8x8: pad(1, channels=(0, 4))",
        "16x8x8: permute(0, 2, 3, 1) pad(1, channels=(3, 4))",
        "10: pad(channels=(1, 2))",
    )

    amount: PaddingAxes = Field(0, description="what is added on each side, one number or one a spatial axis")
    behind: PaddingAxes | None = Field(
        None, description="what is added below and on the right (behind, on any axis), where that is another amount"
    )
    channels: tuple[NotNegative, NotNegative] = Field((0, 0), description="channels added before and behind")
    mode: PaddingMode = Field("zeros", description="what the padding holds; only zeros for channels")

    def output(self, x: Shape) -> Shape:
        for amount in (self.amount, self.behind):
            if x.rank == 0 and amount is not None and not isinstance(amount, tuple):
                require(
                    compare("==", amount, 0),
                    lambda: WrongAxes(None, "a vector has no sides to pad, only `channels`", f"{x} arrives here"),
                )
        if self.mode != "zeros":
            no_channels = conjunction(compare("==", each, 0) for each in self.channels)
            require(
                no_channels if x.layout is Layout.CHANNELS_FIRST else False,
                lambda: ImpossibleLayer(
                    None,
                    f'mode "{self.mode}" is for the sides of a map that has its channels first',
                    f"{x} arrives here",
                ),
            )
        sides = self.sides(x)
        require_padding(self.mode, sides, x)
        before, behind = self.channels
        spatial = tuple(size + sum(pair) for size, pair in zip(x.spatial, sides, strict=True))
        return x.with_channels(x.channels + before + behind).with_spatial(spatial)

    def sides(self, x: Shape) -> tuple[tuple[Dim, Dim], ...]:
        """What is added before and behind on each axis."""
        before = self.per_axis("amount", x)
        behind = before if self.behind is None else self.per_axis("behind", x)
        return tuple(zip(before, behind, strict=True))

    def view(self, x: Shape) -> View:
        return along(window(Window(1, padding=pair)) for pair in self.sides(x))

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        return INPUT if self.mode in ("reflect", "replicate") else NOTHING

    def torch(self, x: Shape) -> tuple[Step, ...]:
        sides: list[Any] = list(self.sides(x))
        if self.mode == "zeros" and (x.layout is not Layout.CHANNELS_FIRST or self.channels != (0, 0)):
            sides.insert(x.rank if x.layout is Layout.CHANNELS_LAST else 0, self.channels)
            return (Function("nn.functional.pad({x}, {0})", (_from_last_axis(sides),)),)
        one = self.behind is None and not isinstance(self.amount, tuple)
        amount = self.amount if one else _from_last_axis(sides)
        return (Module(f"{_PADDING_MODULES[self.mode]}{x.rank}d", (amount,)),)


def _from_last_axis(sides: list[tuple[Dim, Dim]]) -> tuple[Dim, ...]:
    """PyTorch's order: both sides of the last axis, then of the one before."""
    return tuple(amount for pair in reversed(sides) for amount in pair)


class Crop(Layer):
    """Places cut off from each side of a map (U-Net, Ronneberger et al. 2015)."""

    keyword = "crop"
    elsewhere = (
        "Keras: Cropping1D Cropping2D Cropping3D(cropping>amount, data_format>)",
        "papers: cropping",
    )
    role = Role.RESHAPE
    ranks = frozenset({1, 2, 3})
    examples = (
        "64x64x64: crop(4)",
        "8x9x9: crop((0, 2))",
        "8x20: crop(1)",
        "2x8x8x8: crop((1, 2, 3))",
        "8x9x9: permute(0, 2, 3, 1) crop(2)",
    )

    amount: PaddingAxes = Field(description="what is cut off on each side, one number or one a spatial axis")

    def output(self, x: Shape) -> Shape:
        sizes = tuple(size - 2 * cut for size, cut in zip(x.spatial, self.per_axis("amount", x), strict=True))
        for size, left in zip(x.spatial, sizes, strict=True):
            require(
                compare(">=", left, 1),
                lambda size=size, left=left: ImpossibleLayer(  # type: ignore[misc]
                    None,
                    f"`crop` leaves nothing of {size}",
                    f"{x} arrives here",
                    notes=[f"{size} − {size - left} = {left}"],
                ),
            )
        return x.with_spatial(sizes)

    def view(self, x: Shape) -> View:
        return along(window(Window(1, padding=(-cut, -cut))) for cut in self.per_axis("amount", x))

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        return NOTHING

    def hands_on(self, training: bool) -> bool:
        return True

    def torch(self, x: Shape) -> tuple[Step, ...]:
        cuts = self.per_axis("amount", x)
        last = x.layout is Layout.CHANNELS_LAST
        if all(isinstance(cut, int) for cut in cuts):
            slices = [f"{cut}:-{cut}" if cut else ":" for cut in cuts] + [":"] * last
            return (Function(f"{{x}}[..., {', '.join(slices)}]"),)
        # `x[c:-c]` is nothing at all where c turns out to be 0, while a negative padding is right for every c.
        sides = [(-cut, -cut) for cut in cuts]
        sides.insert(x.rank if last else 0, (0, 0))
        return (Function("nn.functional.pad({x}, {0})", (_from_last_axis(sides),)),)
