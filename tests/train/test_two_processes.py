"""Two processes on one CPU learn what one does: a network without batch norm or dropout, the same batches over all."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import Commands

ROOT = Path(__file__).parents[2]

PLAIN = "arch plain(classes = 10)\ninput 1x8x8\nconv3-8 relu conv3-16/2 relu gap fc-{classes}\n"

FIGURES = ("train_loss", "train_accuracy", "val_loss", "val_accuracy")


def curve(folder: Path) -> list[list[float]]:
    with (folder / "metrics.csv").open(encoding="utf-8") as file:
        return [[float(row[name]) for name in FIGURES] for row in csv.DictReader(file)]


def test_same_curve(run: Commands) -> None:
    (run.folder / "plain.arch").write_text(PLAIN, encoding="utf-8")
    # Batches that no two share evenly, and draws for each image.
    options = ["--epochs", "2", "--batch-size", "65", "--lr", "0.01", "--accelerator", "cpu"]
    options += ["--flip", "--resize", "10", "--crop", "8"]
    run.train(*options, out="one", spec="plain.arch")
    two_processes = ["--out", "two", "--devices", "2", "--strategy", "ddp"]
    done = subprocess.run(
        [sys.executable, "-m", "archdsl", "train", "plain.arch", *options, *two_processes],
        cwd=run.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("plain on digits") == 1, "both processes speak"
    one, two = curve(run.folder / "one"), curve(run.folder / "two")
    for ours, theirs in zip(two, one, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-5)
    assert run.metrics("two")["processes"] == 2
    assert run.metrics("two")["test_accuracy"] == run.metrics("one")["test_accuracy"]
    assert run.metrics("two")["test_loss"] == pytest.approx(run.metrics("one")["test_loss"], rel=1e-5)
