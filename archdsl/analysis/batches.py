"""Which batch is too small for a network: one over which a layer would measure a single number."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.analysis.instances import instances
from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.ir.nodes import Architecture, Aux


class BatchOfOne(Diagnostic):
    """A layer measures over a batch that has one number for it, which has no variance.

    A batch norm on a vector, or on a map of one place, is measured over the images of a batch alone.
    """

    code = "batch-of-one"


def require_batch(
    network: Architecture, images: int, training: bool, helps: list[str], trains: Callable[[str], bool] | None = None
) -> None:
    """Raise ArchError where a batch of so many images is too small for a layer, and show the layer's place.

    `trains` says of a module's name whether it measures in training at all, and doesn't stay as it is.
    """
    if images > 1:
        return
    for each in instances(network):
        if not training and any(isinstance(part, Aux) for part in each.around):
            continue
        node = each.node
        frozen = training and trains is not None and not trains(each.name)
        if node.layer.over_batch(node.input, training and not frozen) == 1:
            raise ArchError(
                BatchOfOne(
                    node.span,
                    f"`{node.layer.written}` can't measure over one image of {node.input}",
                    f"`{each.name}` has one number for each channel here",
                    notes=["over a single number there is no variance"],
                    helps=helps,
                )
            )
