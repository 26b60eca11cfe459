"""A network that was trained: opened from its folder, and judged on images."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from archdsl.analysis.batches import require_batch
from archdsl.diagnostics import ArchError
from archdsl.recipes.datasets import DataSet
from archdsl.recipes.fitting import ClassesMismatch, Fitted
from archdsl.recipes.run_folder import CHECKPOINT, WEIGHTS, Run, open_run
from archdsl.record import record
from archdsl.runtime.predicting import Seeing
from archdsl.train import checkpoint
from archdsl.train.engine import engine, quiet, refusals
from archdsl.train.learning import Learning
from archdsl.train.preparation import Preparation
from archdsl.train.reading import read_data
from archdsl.train.starting import load_state, restart
from archdsl.train.tuning import Tuning

PartName = Literal["train", "validation", "test"]


@record
class Trained:
    """A trained network with what its images need: it takes what `preparation` makes, and gives a score a class."""

    run: Run
    fitted: Fitted
    network: nn.Module
    preparation: Preparation
    classes: tuple[str, ...]

    @property
    def seeing(self) -> Seeing:
        """The same, to be asked about images one by one."""
        return Seeing(self.network, self.preparation.preprocessing, self.classes)


def open_trained(folder: Path) -> Trained:
    """The network in a run's folder with the weights that were tested, or the best so far where it isn't finished.

    Raises ArchError where the folder is no run's, and OSError where it holds no weights or they don't fit.
    """
    run = open_run(folder)
    begun, classes = restart(run)
    if run.path(WEIGHTS).is_file():
        try:
            weights = load_file(run.path(WEIGHTS))
        except SafetensorError as error:
            raise OSError(f"`{run.path(WEIGHTS)}` can't be read: {error}") from None
    else:
        state = checkpoint.read(run.path(CHECKPOINT))
        weights = state.best or state.weights
    load_state(begun.network, weights, f"what `{folder}` holds")
    return Trained(run, begun.fitted, begun.network, begun.preparation, classes)


def evaluate(trained: Trained, data: DataSet, part: PartName) -> dict[str, Any]:
    """Accuracy, a fraction, and mean loss on one part of a data set.

    Raises ArchError where the data has other classes, and OSError where it can't be read.
    """
    recipe = trained.run.recipe.model_copy(update={"data": data.name})
    images = read_data(data, recipe, trained.preparation.preprocessing)
    if images.classes != trained.classes:
        strange = sorted(set(images.classes) ^ set(trained.classes))
        raise ArchError(
            ClassesMismatch(
                None,
                f"{data.name} has other classes than the network was trained on",
                notes=[f"{len(strange)} differ: " + ", ".join(strange[:8])] if strange else ["their order differs"],
            )
        )
    judged = {"train": images.train, "validation": images.validation, "test": images.test}[part]
    if not len(judged):
        raise OSError(f"{data.name} has no images for {part}")
    recipe = trained.run.recipe
    learning = Learning(
        trained.network, recipe, replace(images, test=judged), trained.preparation, Tuning(trained.network, "all")
    )
    with quiet(), refusals(recipe):
        trainer = engine(recipe, 1, [], learning)
        smallest = len(judged) % recipe.batch_size or recipe.batch_size
        require_batch(trained.fitted.network.architecture, smallest, False, [])
        trainer.test(learning, verbose=False)
    loss, hits, count = learning.test_totals.tolist()
    return {"data": data.name, "part": part, "images": int(count), "accuracy": hits / count, "loss": loss / count}
