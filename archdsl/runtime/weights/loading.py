"""From weights and a network to a live module that has them, or to a list of what doesn't fit."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING

from archdsl.analysis.classifier import is_image
from archdsl.analysis.state import state
from archdsl.ir.nodes import Architecture
from archdsl.record import record
from archdsl.runtime.module import build
from archdsl.runtime.weights.reading import Weights
from archdsl.weights.fitting import Fit, fit
from archdsl.weights.layouts import Conversion
from archdsl.weights.preprocessing import USUAL_SIDE, Preprocessing, usual

if TYPE_CHECKING:
    from torch import Tensor, nn


@record
class Loaded:
    """A live module with weights."""

    module: nn.Module
    fit: Fit
    """What went where."""
    preprocessing: Preprocessing | None
    """What images go through first: as the weights say, or the usual, which is then marked as assumed.

    None where the network takes no images.
    """
    classes: tuple[str, ...]
    """The names of the classes, where the weights know them."""


class AmbiguousWeights(UserWarning):
    """Weights were fitted by structure, and order alone said which of several equal shapes is which."""


def fit_weights(
    architecture: Architecture, weights: Weights, *, new: Iterable[str] = (), drop: Iterable[str] = ()
) -> Fit:
    """What of the weights goes where; nothing is loaded. Raises ArchError for names that mean nothing."""
    return fit(
        _title(architecture),
        state(architecture),
        weights.name,
        weights.shapes,
        ordered=weights.ordered,
        new=new,
        drop=drop,
    )


def load_weights(
    architecture: Architecture, source: str, weights: Weights, *, new: Iterable[str] = (), drop: Iterable[str] = ()
) -> Loaded:
    """A live module of `source` with all of the weights in it, in training mode as every new module.

    `new` names parts of the network that begin anew, `drop` parts of the weights that are left out. Raises
    ArchError with every miss and mismatch where anything else doesn't fit, and then loads nothing. Warns where only
    order says which tensor is which.
    """
    fitted = fit_weights(architecture, weights, new=new, drop=drop)
    fitted.require_complete()
    if fitted.ambiguous:
        warnings.warn("; ".join(fitted.remarks), AmbiguousWeights, stacklevel=3)
    module = build(source) if fitted.new else _empty(source)
    put(module, fitted, weights)
    return Loaded(module, fitted, preprocessing_of(architecture, weights), weights.classes)


def _empty(source: str) -> nn.Module:
    """A module whose memory holds anything, as drawing weights that are then overwritten takes its time."""
    import torch

    with torch.device("meta"):
        module = build(source)
    return module.to_empty(device="cpu")


def put(module: nn.Module, fitted: Fit, weights: Weights) -> None:
    """Copy weights into a module by a fit that is complete. Types become the module's."""
    import torch

    tensors = module.state_dict()
    with torch.no_grad():
        for each in fitted.placed:
            tensors[each.needed.name].copy_(converted(weights.tensors[each.found], each.conversion))
        for tensor in fitted.zeroed:
            tensors[tensor.name].zero_()


def converted(tensor: Tensor, conversion: Conversion) -> Tensor:
    """A tensor in the layout of PyTorch."""
    if conversion.split is not None:
        tensor = tensor.reshape(conversion.split)
    if conversion.axes is not None:
        tensor = tensor.permute(conversion.axes)
    return tensor.reshape(conversion.shape)


def preprocessing_of(architecture: Architecture, weights: Weights) -> Preprocessing | None:
    """What images go through: as the weights say, else what is usual for the network's input; None if it is no image.

    What weights say of another number of channels is of another network.
    """
    if not is_image(architecture.input):
        return None
    channels = architecture.input.channels
    said = weights.preprocessing
    if said is not None and channels == said.channels:
        return said
    height, width = (size if isinstance(size, int) else USUAL_SIDE for size in architecture.input.spatial)
    found = usual(channels if isinstance(channels, int) else 3, (height, width))
    return found if said is None else found.at(said.crop)


def _title(architecture: Architecture) -> str:
    return architecture.variant or architecture.name
