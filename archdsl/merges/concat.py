"""Branches side by side."""

from typing import Any, ClassVar

from archdsl.layers.torch_call import Function
from archdsl.merges.base import Join, Joined, Same
from archdsl.shape import Dim, Shape


class Concat(Join):
    """The channels of the branches one behind the other.

    So do the modules of Inception (Szegedy et al., 2015, figure 2). Of vectors it is their features.
    """

    keyword = "concat"
    sign = "concat"
    about = "Branches, their channels one behind the other."
    needs = "concatenation needs equal height and width"
    alike = "strides and paddings"
    examples = ("16x8x8: concat<conv1-8 | conv3-16 | maxpool3/1(padding=1)>", "10: concat<fc-4 | identity>")
    elsewhere = (
        "PyTorch: torch.cat torch.concat torch.concatenate",
        "Keras: Concatenate concatenate",
        "Darknet: route",
    )
    alternates: ClassVar[bool] = True

    def joined(self, shapes: Any, same: Same) -> Joined:
        first: Shape = shapes[0]
        total: Dim = sum((shape.channels for shape in shapes), 0)
        return Joined(first.with_channels(total), tuple(first.with_channels(each.channels) for each in shapes))

    def torch(self, shapes: Any, output: Shape) -> Function:
        tensors = ", ".join(f"{{x{place}}}" for place in range(len(shapes)))
        return Function(f"torch.cat([{tensors}], {{0}})", (output.channel_axis,))
