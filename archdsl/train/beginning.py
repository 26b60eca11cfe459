"""What a training was begun with, kept in its checkpoint, so that it never goes on with something else in silence."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from archdsl.diagnostics import ArchError
from archdsl.recipes.prepared import Prepared
from archdsl.recipes.recipe import CHANGEABLE, Recipe
from archdsl.recipes.run_folder import DESCRIPTION, PREPARATION, ChangedData, ChangedRecipe, Run
from archdsl.train.batches import steps
from archdsl.train.images import AnyImages, Images
from archdsl.train.reading import Data


def beginning(recipe: Recipe, prepared: Prepared, data: Data) -> dict[str, Any]:
    """The recipe but for what may change, how images are prepared, and a hash of each part's images, as JSON has them.

    Images in memory are known by their pixels, those in files by their names and the files' sizes. Raises OSError.
    """
    # Where a folder lies may change; what lies in it is hashed.
    said = {name: value for name, value in recipe.model_dump(mode="json").items() if name not in (*CHANGEABLE, "data")}
    parts = {"training": data.train, "validation": data.validation, "test": data.test}
    return {
        "recipe": said,
        "preparation": prepared.document(),
        "images": {name: len(images) for name, images in parts.items()},
        "data": {name: _fingerprint(images) for name, images in parts.items()},
        "steps": len(steps(len(data.train), recipe.batch_size)),
    }


def require_same(run: Run, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise ArchError, saying what differs, where a training would go on with something else than it was begun with."""
    again = ["begin a training of its own with `--out`"]
    for part, file in (("recipe", DESCRIPTION), ("preparation", PREPARATION)):
        differ = _differences(then.get(part), now[part])
        if differ:
            raise ArchError(
                ChangedRecipe(
                    None,
                    f"the training in `{run.folder}` was begun otherwise than `{run.path(file)}` says now",
                    notes=differ,
                    helps=["put back what was changed", *again],
                )
            )
    differ = _differences(then.get("images"), now["images"])
    same = then.get("data")
    others = [name for name, value in now["data"].items() if not isinstance(same, dict) or same.get(name) != value]
    if differ or others:
        raise ArchError(
            ChangedData(
                None,
                f"the training in `{run.folder}` was begun with other images than `{run.recipe.data}` has now",
                notes=differ or ["as many as before, and not the same: those for " + " and ".join(others)],
                helps=["put back what was changed", *again],
            )
        )


def _differences(then: Any, now: Mapping[str, Any]) -> list[str]:
    before = then if isinstance(then, Mapping) else {}
    return [
        f"`{name}` was {before.get(name)} and is {value}" for name, value in now.items() if before.get(name) != value
    ]


def _fingerprint(images: AnyImages) -> str:
    found = hashlib.sha256(_bytes(images.labels))
    held = images.pixels if isinstance(images, Images) else images.sources
    if isinstance(held, Tensor):
        found.update(_bytes(held))
    else:
        for path in held:
            found.update(f"{path.parent.name}/{path.name}\0{path.stat().st_size}\0".encode())
    return found.hexdigest()


def _bytes(tensor: Tensor) -> memoryview:
    return tensor.cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data
