"""What training and prediction take: one image comes in, one vector of scores goes out, a number for each class.

Auxiliary outputs are beside the way: they exist in training alone.
"""

from __future__ import annotations

from archdsl.analysis.instances import instances
from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.ir.nodes import Architecture, Aux, Chain, LayerNode, Node
from archdsl.shape import Layout, Shape


class NotAClassifier(Diagnostic):
    """A network that can't tell classes of images apart: it doesn't take an image, or doesn't give one score a class.

    An image has one channel or three, a height and a width. The scores are a vector of two numbers or more.
    """

    code = "not-a-classifier"


def is_image(shape: Shape) -> bool:
    """Whether an input is an image: one channel or three ahead of a height and a width, each of which may be open."""
    channels = shape.channels
    return (
        shape.rank == 2
        and shape.layout is Layout.CHANNELS_FIRST
        and (not isinstance(channels, int) or channels in (1, 3))
    )


def require_classifier(network: Architecture, title: str, *, any_channels: bool = False) -> int:
    """How many classes a network tells apart. Raises ArchError where it takes no image, or gives no vector.

    `any_channels` is for a network whose channels will become those of its data; its sizes may be open too.
    """
    x, y = network.input, network.output
    if x.rank != 2 or x.layout is not Layout.CHANNELS_FIRST:
        raise ArchError(NotAClassifier(None, f"images have channels, a height and a width, and {title} takes {x}"))
    if not (any_channels or is_image(x)):
        raise ArchError(NotAClassifier(None, f"an image has one channel or three, and {title} takes {x}"))
    if y.rank != 0:
        raise ArchError(
            NotAClassifier(
                None,
                f"{title} gives {y}, and classes need a vector of scores",
                helps=["end it with `gap`, or with `fc`"],
            )
        )
    (classes,) = y.dims
    if not isinstance(classes, int) or classes < 2:
        raise ArchError(
            NotAClassifier(None, f"{title} gives {_numbers(y)}, and there is nothing to tell apart with fewer than two")
        )
    return classes


def probabilities(network: Architecture) -> str | None:
    """The name of the module that makes probabilities of a network's scores, where the last layer does."""
    last = _last(network.body)
    if last is None or not last.layer.makes_probabilities:
        return None
    ways = (each for each in reversed(instances(network)) if not any(isinstance(part, Aux) for part in each.around))
    return next(ways).name


def _last(node: Node) -> LayerNode | None:
    """The layer that makes a node's output; None where a merge does."""
    while not isinstance(node, LayerNode):
        parts = [part for part in node.parts if not isinstance(part, Aux)]
        if not parts or (len(parts) > 1 and not isinstance(node, Chain)):
            return None
        node = parts[-1]
    return node


def _numbers(y: Shape) -> str:
    return "one number" if y.dims == (1,) else f"{y} numbers"
