"""Weights that torchvision publishes, by its own download and cache."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics import ArchError, similar_help
from archdsl.diagnostics.missing import require
from archdsl.runtime.weights.reading import Weights
from archdsl.weights.files import PUBLISHED, UnknownPublishedWeights
from archdsl.weights.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torchvision.models import WeightsEnum

RESCALED = frozenset({"googlenet", "inception_v3"})
"""Models that torchvision gives `transform_input=True` together with their weights."""


def published_weights(name: str, network: str | None) -> Weights:
    """Weights of torchvision's: `IMAGENET1K_V2` or `DEFAULT` of the model that a network is called after.

    A full name, `ResNet50_Weights.IMAGENET1K_V2`, means the same for any network. They are downloaded once, into
    torchvision's cache, and their hash is checked then. Raises ArchError for a name that isn't there, OSError with
    one line where there is no network, and ImportError without torchvision.
    """
    require("the weights that torchvision publishes", "torch", "torchvision")
    import torchvision

    model, chosen = _choose(torchvision.models, name, network)
    tensors = _fetch(chosen)
    meta = chosen.meta
    return Weights(
        f"{PUBLISHED}{type(chosen).__name__}.{chosen.name}",
        tensors,
        preprocessing=_preprocessing(chosen, model in RESCALED),
        classes=tuple(meta.get("categories", ())),
    )


def _choose(models: Any, name: str, network: str | None) -> tuple[str, WeightsEnum]:
    """The model and its weights that a name means."""
    kind, dot, entry = name.rpartition(".")
    # By the builders, as torchvision's own look-up imports by what it is given.
    known = {model: models.get_model_weights(model) for model in models.list_models(module=models)}
    if dot:
        found = next(((model, each) for model, each in known.items() if each.__name__ == kind), None)
        if found is None:
            raise ArchError(
                UnknownPublishedWeights(
                    None,
                    f"torchvision has no weights `{kind}`",
                    helps=similar_help(kind, [each.__name__ for each in known.values()], "one"),
                )
            )
        model, weights = found
    elif network in known:
        model, weights = network, known[network]
    else:
        raise ArchError(
            UnknownPublishedWeights(
                None,
                f"torchvision has no model `{network}`, so that `{name}` alone doesn't say which weights are meant",
                helps=["give their full name: `torchvision:ResNet50_Weights.IMAGENET1K_V2`"],
            )
        )
    if entry not in weights.__members__:
        raise ArchError(
            UnknownPublishedWeights(
                None,
                f"torchvision has no weights `{entry}` for `{model}`",
                helps=[f"there is {', '.join(f'`{each}`' for each in weights.__members__)}"],
            )
        )
    return model, weights[entry]


def _fetch(chosen: WeightsEnum) -> dict[str, Any]:
    import torch

    target = Path(torch.hub.get_dir()) / "checkpoints" / Path(chosen.url).name
    try:
        # Where it says what it downloads is where commands print what they are asked for.
        with contextlib.redirect_stdout(sys.stderr):
            found: dict[str, Any] = chosen.get_state_dict(
                progress=sys.stderr.isatty(), check_hash=True, map_location="cpu", weights_only=True
            )
    except OSError as error:
        if target.exists():
            raise
        reason = getattr(error, "reason", None) or error.strerror or error
        raise OSError(
            f"the weights {type(chosen).__name__}.{chosen.name} couldn't be fetched from {chosen.url} ({reason}); "
            f"a file of that name in {target.parent} is taken as it is"
        ) from None
    return dict(found)


def _preprocessing(chosen: WeightsEnum, rescaled: bool) -> Preprocessing:
    transforms = chosen.transforms()
    return Preprocessing(
        crop=(transforms.crop_size[0],) * 2,
        resize=(transforms.resize_size[0],) * 2,
        interpolation=transforms.interpolation.value,
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
        rescaled=rescaled,
    )


def imagenet_classes() -> tuple[str, ...]:
    """The names of ImageNet's thousand classes, as torchvision has them. Raises ImportError without torchvision."""
    require("the list of ImageNet's classes", "torchvision")
    from torchvision.models import ResNet50_Weights

    return tuple(ResNet50_Weights.DEFAULT.meta["categories"])
