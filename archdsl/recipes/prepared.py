"""What a training says of its images for whoever shows the network more of them, and the network that takes them."""

from __future__ import annotations

import json
from typing import Any

from archdsl.recipes.datasets import DataSet
from archdsl.recipes.fitting import Fitted, fit
from archdsl.recipes.run_folder import PREPARATION, Run
from archdsl.record import record
from archdsl.weights.preprocessing import Preprocessing


@record
class Prepared:
    """What images go through, whether half were mirrored in training, and the names of the classes in their order."""

    preprocessing: Preprocessing
    flip: bool
    classes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Plain values, from which `of` makes the same again."""
        said: dict[str, Any] = json.loads(self.preprocessing.to_json())
        return said | {"flip": self.flip, "classes": list(self.classes)}

    def to_json(self) -> str:
        return json.dumps(self.document(), indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Prepared:
        """Raises ValueError for what `to_json` never writes."""
        said = json.loads(text)
        if not isinstance(said, dict):
            raise ValueError("this is no object")
        flip, classes = said.pop("flip", None), said.pop("classes", None)
        if not isinstance(flip, bool):
            raise ValueError("`flip` is true or false")
        if not isinstance(classes, list) or not all(isinstance(each, str) for each in classes):
            raise ValueError("`classes` is a list of names")
        return cls(Preprocessing.from_json(json.dumps(said)), flip, tuple(classes))


def read_prepared(run: Run) -> Prepared:
    """What the training in a folder says of its images. Raises OSError with the file's name."""
    path = run.path(PREPARATION)
    try:
        return Prepared.from_json(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise OSError(f"`{path}` can't be read: {' '.join(str(error).split())[:200]}") from None


def refit(run: Run) -> tuple[Fitted, Prepared]:
    """The network of a run that was begun, without its data and its weights, and how its images are prepared.

    Raises ArchError where the spec has mistakes or is no classifier of such images, OSError where the folder can't be
    read.
    """
    prepared = read_prepared(run)
    shown = prepared.preprocessing
    seen = DataSet("its data", shown.channels, shown.resize, len(prepared.classes))
    sizes = shown.crop, shown.resize
    return fit(run.subject, seen, run.recipe, run.recipe.weights is not None, sizes), prepared
