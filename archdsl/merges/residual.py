"""A main path with a shortcut around it."""

from collections.abc import Sequence

from archdsl.merges.base import Joined, Same
from archdsl.merges.elementwise import Elementwise
from archdsl.shape import Shape


class Residual(Elementwise):
    """The sum of a main path and a shortcut.

    It is equation 1 of He et al. (2016). The second branch is the shortcut: `project` is the identity where the main
    path keeps the shape and else `conv1-C/S bn` (option B), `optional` is the identity or nothing, and anything else
    is the shortcut itself. Without a second branch it is the identity. Both sides have the same shape; nothing is
    broadcast.
    """

    keyword = "residual"
    sign = between = "+"
    needs = "addition needs equal channels, height and width"
    about = "The sum of a main path and a shortcut."
    least = 1
    most = 2
    has_shortcut = True
    operation = "add"
    examples = (
        "8x6x6: residual<conv3-8 bn relu conv3-8 bn>",
        "8x6x6: residual<conv3-16/2 bn | project>",
        "8x6x6: residual<conv3-16/2 bn | optional>",
        "8x6x6: residual<conv3-8 | conv1-8>",
    )

    def differ(self, shape: Shape, wanted: Shape) -> list[str]:
        return [self.needs]

    def joined(self, shapes: Sequence[Shape], same: Same) -> Joined:
        return Joined(shapes[0], (shapes[0],) * len(shapes))
