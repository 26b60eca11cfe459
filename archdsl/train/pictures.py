"""Curves of a training and the confusion matrix, as PNG."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from archdsl.train.checkpoint import Epoch

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TRAINING, VALIDATION, TEST = "#4477aa", "#ee6677", "#222222"

MOST_NUMBERS = 30
"""Classes up to which the confusion matrix has a number in each field."""


def curves(history: Sequence[Epoch], test_accuracy: float | None) -> bytes:
    """Loss and accuracy by epoch, in training and validation, side by side."""
    figure = _figure(9, 3.6)
    loss, accuracy = figure.subplots(1, 2)
    epochs = [each.epoch for each in history]
    _lines(loss, epochs, [each.train_loss for each in history], [each.val_loss for each in history])
    loss.set(xlabel="epoch", ylabel="loss (cross-entropy)")
    percent = [100 * each.train_accuracy for each in history]
    validation = [None if each.val_accuracy is None else 100 * each.val_accuracy for each in history]
    _lines(accuracy, epochs, percent, validation)
    if test_accuracy is not None:
        label = f"test, {100 * test_accuracy:.2f} %"
        accuracy.axhline(100 * test_accuracy, color=TEST, linewidth=1, linestyle=":", label=label)
    accuracy.set(xlabel="epoch", ylabel="accuracy in %")
    for axes in (loss, accuracy):
        axes.legend(frameon=False)
        axes.xaxis.get_major_locator().set_params(integer=True)
    return _png(figure)


def _lines(axes: Axes, epochs: list[int], train: Sequence[float], validation: Sequence[float | None]) -> None:
    marker = "o" if len(epochs) < 30 else ""
    axes.plot(epochs, train, color=TRAINING, marker=marker, markersize=3, label="training")
    if any(each is not None for each in validation):
        known = [float("nan") if each is None else each for each in validation]
        axes.plot(epochs, known, color=VALIDATION, marker=marker, markersize=3, label="validation")
    axes.spines[["top", "right"]].set_visible(False)


def confusion(labels: Tensor, found: Tensor, classes: Sequence[str]) -> bytes:
    """How many images of each class (a row) were taken for which (a column); shaded by their part of the row."""
    count = len(classes)
    matrix = torch.bincount(labels.cpu() * count + found.cpu(), minlength=count * count).reshape(count, count)
    parts = matrix / matrix.sum(1, keepdim=True).clamp(min=1)
    side = min(max(3.5, 0.45 * count + 1.5), 16)
    figure = _figure(side, side)
    axes = figure.subplots()
    axes.imshow(parts.numpy(), cmap="Blues", vmin=0, vmax=1)
    axes.set(xlabel="taken for", ylabel="class")
    if count <= MOST_NUMBERS:
        names = [name if len(name) <= 16 else f"{name[:15]}…" for name in classes]
        axes.set_xticks(range(count), names, rotation=0 if max(map(len, names)) <= 2 else 90)
        axes.set_yticks(range(count), names)
        for row in range(count):
            for column in range(count):
                if number := int(matrix[row, column]):
                    color = "white" if parts[row, column] > 0.5 else "black"
                    axes.text(column, row, f"{number}", ha="center", va="center", color=color, fontsize=8)
    return _png(figure)


def bars(names: Sequence[str], accuracies: Sequence[float], title: str) -> bytes:
    """Accuracies side by side, each with its number."""
    figure = _figure(6, 3.4)
    axes = figure.subplots()
    drawn = axes.bar(names, [100 * each for each in accuracies], color=TRAINING, width=0.6)
    axes.bar_label(drawn, [f"{100 * each:.2f} %" for each in accuracies], padding=2)
    axes.set(ylabel="test accuracy in %", title=title, ylim=(0, 108))
    axes.spines[["top", "right"]].set_visible(False)
    return _png(figure)


def _figure(width: float, height: float) -> Figure:
    # Not pyplot, which would look for a screen and keep every figure.
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout="constrained")


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    # Without the version in it the same figures make the same bytes.
    figure.savefig(file, format="png", dpi=150, metadata={"Software": None})
    return file.getvalue()
