"""Layers that only say anew how the elements are laid out, and those that scale channels."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from archdsl.diagnostics import ArchError
from archdsl.layers.base import ImpossibleLayer, Layer, Number, Positive, Role, WrongAxes, require, require_divisor
from archdsl.layers.kept import NOTHING, Kept
from archdsl.layers.sight import SAME, Along, View, everything, unchanged
from archdsl.layers.torch_call import FLATTEN, Function, Module, Parameter, Step
from archdsl.shape import Dim, Layout, Shape, product
from archdsl.symbolic import compare


class _Reshape(Layer):
    role = Role.RESHAPE

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        return NOTHING

    def hands_on(self, training: bool) -> bool:
        return True


class Flatten(_Reshape):
    """All axes made one: a map becomes a vector (PyTorch's Flatten)."""

    keyword = "flatten"
    elsewhere = (
        "PyTorch: Flatten(start_dim>from=1, end_dim>!)",
        "Keras: Flatten(data_format>)",
        "functions: flatten(x>, start_dim>from=0)",
        "papers: flat vectorize unroll",
    )
    examples = ("16x5x5: flatten", "16x9: flatten", "2x3x4x5: flatten", "10: flatten")

    def output(self, x: Shape) -> Shape:
        return Shape.vector(x.elements)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (FLATTEN,)


class Identity(_Reshape):
    """What arrives, unchanged (PyTorch's Identity)."""

    keyword = "identity"
    elsewhere = (
        "PyTorch: Identity()",
        "papers: skip? noop no_op pass_through",
    )
    elementwise = True
    examples = ("64x8x8: identity", "10: identity", "4x9: identity", "4x3x3x3: identity")

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Function("{x}", module=Module("Identity")),)


class Reshape(_Reshape):
    """The same elements in other axes; the batch stays, and one size may be -1 (PyTorch's reshape).

    One axis is a vector. More are a map, channels first unless a channels-last map arrives.
    """

    keyword = "reshape"
    elsewhere = (
        "Keras: Reshape()",
        "papers: view? unflatten",
    )
    positional = ("*shape",)
    examples = (
        "4: reshape(4, 1, 1)",
        "1024: reshape(-1, 4, 4)",
        "768x14x14: reshape(768, -1)",
        "16x25: reshape(16, 5, 5)",
        "8x4x4: reshape(128)",
        "2x4x4x4: reshape(8, 4, 4)",
        "96x7x7: permute(0, 2, 3, 1) reshape(49, 96)",
    )

    shape: tuple[Positive | Literal[-1], ...] = Field(
        min_length=1, max_length=4, description="sizes that come out, without the batch; -1 is what is left"
    )

    def output(self, x: Shape) -> Shape:
        known = product(size for size in self.shape if size != -1)
        sizes = self.sizes(x, known)
        last = x.layout is Layout.CHANNELS_LAST and len(sizes) > 1
        return Shape(sizes, Layout.CHANNELS_LAST) if last else Shape.of(sizes)

    def sizes(self, x: Shape, known: Dim) -> tuple[Dim, ...]:
        """The sizes that come out, where `known` is the product of those that are given."""
        target = "x".join(str(size) for size in self.shape)
        elements = " · ".join(str(size) for size in x.dims)
        missing = self.shape.count(-1)
        if missing > 1:
            raise ArchError(ImpossibleLayer(None, f"`reshape` can work out one size, got {missing} times -1"))
        fits = compare("==", x.elements % known, 0) if missing else compare("==", x.elements, known)
        relation = "isn't a multiple of" if missing else "isn't"
        require(
            fits,
            lambda: ImpossibleLayer(
                None,
                f"{x} has {x.elements} elements, which doesn't fit {target}",
                f"{x} arrives here",
                notes=[f"{elements} = {x.elements} {relation} {known}"],
                helps=["-1 in place of one size is worked out from the others"],
            ),
        )
        return tuple(x.elements // known if size == -1 else size for size in self.shape)

    def view(self, x: Shape) -> View:
        return unchanged(x.rank) if self.output(x) == x else everything(x.rank)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        module = Module("Unflatten", (1, self.shape)) if x.rank == 0 else None
        if -1 not in self.shape:
            return (Function("torch.reshape({x}, {0})", ((-1, *self.shape),), module),)
        # The batch can't be a second -1, and its number is not known.
        flat = "{x}" if x.rank == 0 else "torch.flatten({x}, 1)"
        return (Function(f"torch.unflatten({flat}, 1, {{0}})", (self.shape,), module),)


class Permute(_Reshape):
    """Axes in another order, counted as PyTorch does with the batch as axis 0 (PyTorch's permute).

    The channels must end up first or last, so that what follows knows where they are.
    """

    keyword = "permute"
    elsewhere = ("papers: transpose?",)
    positional = ("*axes",)
    examples = (
        "96x7x7: permute(0, 2, 3, 1)",
        "96x7x7: permute(0, 2, 3, 1) permute(0, 3, 1, 2)",
        "16x8x9: permute(0, 1, 3, 2)",
        "768x196: permute(0, 2, 1)",
        "4x8x7x6: permute(0, 2, 3, 4, 1)",
        "10: permute(0, 1)",
    )

    axes: tuple[Annotated[int, Field(ge=0)], ...] = Field(description="the old axis that each new one is")

    def output(self, x: Shape) -> Shape:
        count = len(x.dims) + 1
        if sorted(self.axes) != list(range(count)) or self.axes[0] != 0:
            got = ", ".join(str(axis) for axis in self.axes)
            raise ArchError(
                WrongAxes(
                    None,
                    f"`permute` wants the axes 0 to {count - 1} in some order that begins with the batch, 0, got {got}",
                    f"{x} and the batch arrive here",
                )
            )
        dims = tuple(x.dims[axis - 1] for axis in self.axes[1:])
        place = self.axes.index(x.channel_axis % count)
        if x.layout is Layout.VECTOR:
            return x
        if place == 1:
            return Shape(dims, Layout.CHANNELS_FIRST)
        if place == count - 1:
            return Shape(dims, Layout.CHANNELS_LAST)
        raise ArchError(
            ImpossibleLayer(
                None,
                f"`permute` leaves the channels at axis {place}, neither first nor last",
                f"{x}, {x.layout.value}, arrives here",
                helps=["`reshape` first, so that the channels can go first or last"],
            )
        )

    def view(self, x: Shape) -> View:
        # Where the channels go says which of the new axes are places, and the batch is none either.
        old = [axis for axis in self.axes if axis and axis != x.channel_axis % len(self.axes)]
        return tuple(Along(new, SAME) for _, new in sorted((axis, new) for new, axis in enumerate(old)))

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Function("torch.permute({x}, {0})", (self.axes,)),)


class Chunk(_Reshape):
    """One of several equal parts of the channels (PyTorch's chunk)."""

    keyword = "chunk"
    positional = ("index", "chunks")
    examples = (
        "116x28x28: chunk(0, 2)",
        "12: chunk(2, 3)",
        "8x20: chunk(index=1, chunks=4)",
        "4x3x3x3: chunk(1, 2)",
        "8x4x4: permute(0, 2, 3, 1) chunk(0, 2)",
    )

    index: Annotated[int, Field(ge=0)] = Field(description="which part, counted from 0")
    chunks: Positive = Field(description="number of parts")

    def output(self, x: Shape) -> Shape:
        require(
            compare("<", self.index, self.chunks),
            lambda: ImpossibleLayer(
                None, f"`chunk` counts parts from 0, so part {self.index} of {self.chunks} is none"
            ),
        )
        require_divisor(self.chunks, x.channels, "parts", "arriving channels", x)
        return x.with_channels(x.channels // self.chunks)

    def torch(self, x: Shape) -> tuple[Step, ...]:
        whole = "torch.chunk({x}, {0}, dim={1})"
        values = (self.chunks, x.channel_axis, self.index)
        return (Function(f"{whole}[{{2}}]", values, whole=whole, part=(self.index, self.chunks)),)


class LayerScale(Layer):
    """A learned factor for each channel, small at first (CaiT, Touvron et al. 2021; ConvNeXt)."""

    keyword = "layerscale"
    elsewhere = (
        "timm: LayerScale(dim>, init_values>init)",
        "papers: layer_scale",
    )
    role = Role.RESHAPE
    output_is_scratch = True
    examples = (
        "96x7x7: layerscale",
        "384: layerscale(init=0.1)",
        "16x100: layerscale(init=1)",
        "4x8x8x8: layerscale",
        "96x7x7: permute(0, 2, 3, 1) layerscale",
    )

    init: Number = Field(1e-6, description="factor to start from")

    def factors(self, x: Shape) -> tuple[Dim, ...]:
        """The shape of the parameter, one axis a factor and the rest 1 to meet the places of a map."""
        return (x.channels, *(1,) * x.rank) if x.layout is Layout.CHANNELS_FIRST else (x.channels,)

    def weights(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        return {"": self.factors(x)}

    def torch(self, x: Shape) -> tuple[Step, ...]:
        # `torch.full` takes its type from the value, and a parameter of whole numbers has no gradient.
        value = "{0}" if isinstance(self.init, float) else "float({0})"
        values: tuple[Any, ...] = (self.init,)
        return (Parameter(self.factors(x), f"torch.full({{shape}}, {value})", "{parameter} * {x}", values),)
