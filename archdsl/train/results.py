"""What a training leaves in its folder, and the table that ends it."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from torch import nn

from archdsl.recipes.fitting import Fitted
from archdsl.recipes.run_folder import CONFUSION, CURVES, METRICS, MISCLASSIFIED, TABLE, WEIGHTS, Run
from archdsl.train.checkpoint import Epoch
from archdsl.train.preparation import Preparation
from archdsl.train.result import Result
from archdsl.writing import Kept


def write_progress(run: Run, history: Iterable[Epoch]) -> None:
    """`metrics.csv`: a line an epoch, what is not known left empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [each.name for each in fields(Epoch)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(each) for each in history)
    Kept(run.path(TABLE)).write(text.getvalue())


def write_results(result: Result) -> None:
    """Figures, pictures and the page of misclassified images; without a test only what is known. Raises OSError."""
    run = result.run
    Kept(run.path(METRICS)).write(json.dumps(result.metrics, indent=2) + "\n")
    write_progress(run, result.history)
    if not result.history:
        return
    from archdsl.train.pictures import confusion, curves

    Kept(run.path(CURVES)).write(curves(result.history, result.metrics["test_accuracy"]))
    if result.finished and result.scores is not None:
        from archdsl.train.misclassified import page

        labels = result.data.test.labels
        shown = page(result.data.test, result.preparation, result.scores, result.data.classes)
        Kept(run.path(CONFUSION)).write(confusion(labels, result.scores.argmax(1), result.data.classes))
        Kept(run.path(MISCLASSIFIED)).write(shown)


def save_weights(
    run: Run, fitted: Fitted, preparation: Preparation, classes: tuple[str, ...], network: nn.Module
) -> None:
    """The weights that were tested, with their spec, what their images need, and the names of the classes.

    Raises OSError.
    """
    place = Kept(run.path(WEIGHTS))
    fitted.network.save(place, network, preprocessing=preparation.preprocessing, classes=classes)


def table(metrics: Mapping[str, Any]) -> str:
    """The figures of each part of the data, and what they took."""
    rows = [("", "images", "loss", "accuracy", "")]
    best = metrics["best_epoch"]
    remarks = {"val": f"epoch {best}, the best of {metrics['epochs']}" if best else "", "test": "looked at once"}
    for key, name in (("train", "training"), ("val", "validation"), ("test", "test")):
        if metrics[f"{key}_accuracy"] is None:
            continue
        images = metrics["images"]["validation" if key == "val" else key]
        loss, accuracy = metrics[f"{key}_loss"], 100 * metrics[f"{key}_accuracy"]
        rows.append((name, f"{images:,}", f"{loss:.4f}", f"{accuracy:.2f} %", remarks.get(key, "")))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:4], widths[1:4]), row[4]]).rstrip() for row in rows
    ]
    speed = metrics["images_per_second"]
    took = f"{metrics['epochs']} epochs in {metrics['seconds']:.1f} s"
    if speed:
        took += f", {speed:,.0f} images/s in training, on {metrics['device']}"
    return "\n".join([*lines, "", took])
