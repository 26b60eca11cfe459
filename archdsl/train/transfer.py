"""What pre-trained weights are worth: one training in each of four settings, side by side.

The settings are those of Table 3 in Karpathy et al. 2014, "Large-scale video classification with convolutional neural
networks": from scratch, the top layer, the top three layers, and all layers fine-tuned.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from archdsl.diagnostics import ArchError
from archdsl.recipes.datasets import DataSet
from archdsl.recipes.fitting import Subject
from archdsl.recipes.processes import is_first
from archdsl.recipes.recipe import ALL, SCRATCH, TOP, Recipe
from archdsl.recipes.run_folder import DESCRIPTION, METRICS, Run, begin_run, discard, open_run
from archdsl.train.starting import Say
from archdsl.train.training import train
from archdsl.writing import Kept

SETTINGS = {
    SCRATCH: "train from scratch",
    TOP: "fine-tune top layer",
    f"{TOP}-3": "fine-tune top 3 layers",
    ALL: "fine-tune all layers",
}

CHART, FIGURES = "transfer.png", "transfer.json"


def transfer(
    folder: Path, subject: Subject, recipe: Recipe, data: DataSet, say: Say, heading: Callable[[str], None]
) -> dict[str, Mapping[str, Any]] | None:
    """The metrics of each setting, each in a folder of its own; None where somebody stopped it.

    What is finished in the folder already stays as it is, and what was interrupted goes on. Raises as `train` does.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for tune, title in SETTINGS.items():
        heading(f"{title} ({tune})")
        metrics = _one(folder / tune, subject, recipe.model_copy(update={"tune": tune}), data, say)
        if metrics is None:
            return None
        found[tune] = metrics
    if is_first():
        from archdsl.train.pictures import bars

        accuracies = [metrics["test_accuracy"] for metrics in found.values()]
        title = f"{subject.title} on {data.name}, {recipe.epochs} epochs"
        Kept(folder / CHART).write(bars(list(found), accuracies, title))
        Kept(folder / FIGURES).write(json.dumps(found, indent=2) + "\n")
    return found


def _one(folder: Path, subject: Subject, recipe: Recipe, data: DataSet, say: Say) -> Mapping[str, Any] | None:
    begun = (folder / DESCRIPTION).is_file()
    if begun and (folder / METRICS).is_file():
        known = _known(folder / METRICS)
        if known["finished"]:
            say("- done before")
            return known
    run = open_run(folder) if begun else Run(folder, subject, recipe)
    if not begun and is_first():
        run = begin_run(folder, subject, recipe)
    try:
        result = train(run, data, resume=begun, say=say)
    except (ArchError, OSError):
        if not begun and is_first():
            discard(run)
        raise
    return result.metrics if result.finished else None


def _known(path: Path) -> dict[str, Any]:
    """What a training that was done before came to. Raises OSError where the file doesn't say it."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict) or not isinstance(found["finished"], bool):
            raise ValueError("it doesn't say whether the training is finished")
        figures = ("trained_parameters", "test_accuracy", "test_loss", "seconds")
        if found["finished"] and not all(type(found[name]) in (int, float) for name in figures):
            raise ValueError(f"{', '.join(figures)} are numbers")
    except (ValueError, KeyError, RecursionError) as error:
        said = f"it lacks {error}" if isinstance(error, KeyError) else str(error)
        raise OSError(f"`{path}` can't be read: {said}") from None
    return found


def table(found: Mapping[str, Mapping[str, Any]]) -> str:
    """A line a setting."""
    rows = [("setting", "trained parameters", "test accuracy", "test loss", "seconds")]
    rows += [
        (
            SETTINGS[tune],
            f"{metrics['trained_parameters']:,}",
            f"{100 * metrics['test_accuracy']:.2f} %",
            f"{metrics['test_loss']:.4f}",
            f"{metrics['seconds']:.1f}",
        )
        for tune, metrics in found.items()
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]).rstrip() for row in rows
    )
