"""Branches met element by element: sums, products, the larger of two, and what else is done so.

Shapes are equal, or an axis of one branch is 1 and meets every place of the others, as PyTorch broadcasts.
"""

from collections.abc import Sequence
from typing import ClassVar

from archdsl.layers.torch_call import Function
from archdsl.merges.base import Join, Joined, Same
from archdsl.shape import Dim, Layout, Shape

_AXES = {1: ("length",), 2: ("height", "width"), 3: ("depth", "height", "width")}


class Elementwise(Join):
    """Base of the merges that work element by element."""

    between: ClassVar[str] = ""
    """The operator between two tensors."""

    def joined(self, shapes: Sequence[Shape], same: Same) -> Joined:
        widest = max(shapes, key=lambda shape: shape.rank) if self.takes_factors else shapes[0]
        seen = [self._beside(shape, widest) for shape in shapes]
        alike = [shape for shape in seen if shape.layout is widest.layout and shape.rank == widest.rank]
        axes = [_met(sizes, same) for sizes in zip(*(shape.dims for shape in alike), strict=True)]
        output = Shape(tuple(axes), widest.layout)
        return Joined(output, tuple(self._wanted(*each, output, same) for each in zip(shapes, seen, strict=True)))

    def torch(self, shapes: Sequence[Shape], output: Shape) -> Function:
        tensors = [f"{{x{place}}}{_axes(shape, output)}" for place, shape in enumerate(shapes)]
        return Function(f" {self.between} ".join(tensors))

    def differ(self, shape: Shape, wanted: Shape) -> list[str]:
        if shape.layout is not wanted.layout or shape.rank != wanted.rank or not shape.rank:
            return [self.needs]
        names = ("channels", *_AXES[shape.rank])
        sizes = zip((shape.channels, *shape.spatial), (wanted.channels, *wanted.spatial), strict=True)
        apart = [f"{name} {a} and {b}" for name, (a, b) in zip(names, sizes, strict=True) if a != b]
        return [self.needs, f"{', '.join(apart)} don't meet; an axis of 1 would meet any"]

    def _beside(self, shape: Shape, other: Shape) -> Shape:
        """A shape with the axes that it has where it meets another."""
        if not self.takes_factors or shape.layout is not Layout.VECTOR:
            return shape
        return other.with_channels(shape.channels).with_spatial((1,) * other.rank) if other.rank else shape

    @staticmethod
    def _wanted(shape: Shape, seen: Shape, output: Shape, same: Same) -> Shape:
        """The shape that a branch must have: that of the output, but for axes of 1."""
        if seen.rank != output.rank or seen.layout is not output.layout:
            return output
        pairs = zip(seen.dims, output.dims, strict=True)
        dims = tuple(size if size == 1 or _is_one(size, wanted, same) else wanted for size, wanted in pairs)
        return Shape(dims, seen.layout) if seen is shape else Shape.vector(Shape(dims, seen.layout).channels)


class Add(Elementwise):
    """The sum of the branches."""

    keyword = "add"
    sign = between = "+"
    about = "The sum of branches."
    needs = "addition needs equal channels, height and width"
    examples = ("8x6x6: add<conv3-8 | conv1-8 | identity>", "8x6x6: add<identity | [gap reshape(8, 1, 1)]>")
    elsewhere = ("PyTorch: torch.add", "Keras: Add add", "Darknet: shortcut")


class Sub(Elementwise):
    """The first branch less the second."""

    keyword = "sub"
    sign = between = "-"
    about = "The difference of two branches."
    needs = "subtraction needs equal channels, height and width"
    most = 2
    examples = ("8x6x6: sub<conv3-8 | identity>", "8x6x6: sub<identity | avgpool6>")
    elsewhere = ("PyTorch: torch.sub torch.subtract", "Keras: Subtract subtract")


class Mul(Elementwise):
    """The product of the branches.

    A vector meets a map as one factor for each channel, as in squeeze-and-excitation (Hu et al., 2018, equation 4).
    """

    keyword = "mul"
    sign = "×"
    between = "*"
    about = "The product of branches."
    needs = "multiplication needs equal shapes, or a branch of C or C×1×1 that scales the channels"
    takes_factors = True
    keeps_branches = True
    later_name = "scale"
    examples = (
        "8x6x6: mul<identity | [gap fc-8 sigmoid]>",
        "8x6x6: mul<identity | [conv7-1 sigmoid]>",
        "8: mul<fc-4 | [fc-4 sigmoid]>",
    )
    elsewhere = ("PyTorch: torch.mul torch.multiply", "Keras: Multiply multiply", "Darknet: scale_channels")


class Div(Elementwise):
    """The first branch divided by the second, element by element.

    A vector meets a map as one number for each channel.
    """

    keyword = "div"
    sign = "÷"
    between = "/"
    about = "The quotient of two branches."
    needs = "division needs equal shapes, or a branch of C or C×1×1 that divides the channels"
    most = 2
    takes_factors = True
    keeps_branches = True
    examples = ("8x6x6: div<conv3-8 | [conv3-8 sigmoid]>",)
    elsewhere = ("PyTorch: torch.div torch.divide",)


class Max(Elementwise):
    """The largest of what the branches have at each place.

    Of two convolutions it is a maxout of two pieces (Goodfellow et al., 2013, section 2).
    """

    keyword = "max"
    sign = "max"
    about = "The largest of the branches at each place."
    needs = "a maximum needs equal channels, height and width"
    keeps_branches = True
    examples = ("8x6x6: max<conv3-8 | conv3-8 | identity>",)
    elsewhere = ("PyTorch: torch.maximum torch.max", "Keras: Maximum maximum")
    call: ClassVar[str] = "torch.maximum"

    def torch(self, shapes: Sequence[Shape], output: Shape) -> Function:
        text = "{x0}"
        for place in range(1, len(shapes)):
            text = f"{self.call}({text}, {{x{place}}})"
        return Function(text)


class Min(Max):
    """The smallest of what the branches have at each place."""

    keyword = "min"
    sign = "min"
    about = "The smallest of the branches at each place."
    needs = "a minimum needs equal channels, height and width"
    examples = ("8x6x6: min<conv3-8 | conv3-8>",)
    elsewhere = ("PyTorch: torch.minimum torch.min", "Keras: Minimum minimum")
    call = "torch.minimum"


class Mean(Elementwise):
    """The mean of the branches."""

    keyword = "mean"
    sign = "mean"
    between = "+"
    about = "The mean of branches."
    needs = "a mean needs equal channels, height and width"
    examples = ("8x6x6: mean<conv3-8 | conv1-8 | identity>",)
    elsewhere = ("Keras: Average average",)

    def torch(self, shapes: Sequence[Shape], output: Shape) -> Function:
        return Function(f"({super().torch(shapes, output).template}) / {{0}}", (len(shapes),))


def _met(sizes: Sequence[Dim], same: Same) -> Dim:
    """The size of an axis where these meet: the first that isn't 1."""
    distinct = [size for size in dict.fromkeys(sizes) if size != 1]
    if not distinct:
        return 1
    met = distinct[0]
    for size in distinct[1:]:
        if same(met, size) is False and same(met, 1):
            met = size
    return met


def _is_one(size: Dim, wanted: Dim, same: Same) -> bool:
    """Whether a size that isn't the wanted one is 1 in every call."""
    return size != wanted and same(size, wanted) is False and bool(same(size, 1))


def _axes(shape: Shape, output: Shape) -> str:
    """What gives a vector of factors, one a channel, axes to meet the places of a map."""
    if shape.layout is not Layout.VECTOR or output.layout is Layout.VECTOR:
        return ""
    if output.layout is Layout.CHANNELS_LAST:
        return f"[:{', None' * output.rank}, :]"
    return f"[:, :{', None' * output.rank}]"
