"""Whether the head of a classifier is convolutional, so that on a larger image it says at each place what is there.

It is where the scores are a map until the end: an average over all places comes last (NIN, SqueezeNet), or a
fully connected layer behind one, which at each place is a convolution of 1×1 (Zhou et al. 2016, "Learning Deep Features
for Discriminative Localization"), or a convolution as large as the map (`conv-head`), or the output is a map (FCN).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.ir.names import Kind, names, style
from archdsl.ir.nodes import Architecture, Call, Chain, LayerNode, Node
from archdsl.layers.base import Role
from archdsl.record import record


class NoMapOfScores(Diagnostic):
    """A network whose head is not convolutional is asked where in an image a class is."""

    code = "no-map-of-scores"


@record
class Head:
    """Where in the live module the map of scores is."""

    kind: Literal["map", "pooled", "linear", "window"]
    """The output itself; what an average over all places gets; that, through a fully connected layer; what a
    convolution as large as the map makes."""
    pool: str | None = None
    """The module that averages, or the convolution."""
    linear: str | None = None
    """The fully connected layer behind it."""


def head(architecture: Architecture) -> Head:
    """The convolutional head of a network. Raises ArchError where it has none."""
    if architecture.output.rank == 2:
        return Head("map")
    linear: str | None = None
    for name, node in _from_the_end(architecture.body, "top", ""):
        if not isinstance(node, LayerNode):
            break
        layer, before, after = node.layer, node.input, node.output
        if layer.role is Role.POOLING and before.rank == 2 and all(size == 1 for size in after.spatial):
            return Head("pooled", name) if linear is None else Head("linear", name, linear)
        if before.rank == 2 and after.rank == 0 and len(layer.weights(before).get("weight", ())) == 2 + before.rank:
            return Head("window", name)
        if layer.role is Role.LINEAR and linear is None and all(size == 1 for size in before.spatial):
            linear = name
        elif layer.role not in (Role.DROPOUT, Role.RESHAPE) or layer.weights(before):
            break
    raise ArchError(
        NoMapOfScores(
            None,
            f"the head of `{architecture.variant or architecture.name}` is not convolutional, so that it gives no map",
            notes=["a map comes of `gap`, alone or ahead of one `fc`, of `conv-head`, or of an output that is one"],
        )
    )


def _from_the_end(chain: Chain, kind: Kind, prefix: str) -> Iterator[tuple[str, Node]]:
    """The layers of a network with the paths of their modules, last first; what isn't a plain sequence as a whole."""
    for each in reversed(names(chain, style(chain, kind))):
        if each.name is None:
            yield prefix, each.node
            continue
        name = prefix + each.text
        match each.node:
            case Call(body=body):
                yield from _from_the_end(body, "block", f"{name}.")
            case Chain() as inner:
                yield from _from_the_end(inner, "group", f"{name}.")
            case node:
                yield name, node
