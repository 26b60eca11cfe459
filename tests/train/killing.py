"""Trainings in processes of their own that are killed with SIGKILL: after a while, or in the middle of a write.

`python -m tests.train.killing [TIMES]` interrupts one training that often, goes on with it each time, and compares
what comes of it with one that nobody interrupted.
"""

from __future__ import annotations

import csv
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import torch
from safetensors.torch import load_file

from archdsl.cli import main
from archdsl.recipes.run_folder import CHECKPOINT, TABLE, WEIGHTS

SPEC = """\
arch tiny(classes = 10)
input 1x8x8
conv3-8 bn relu dropout2d(0.1)
conv3-16/2 bn relu
gap dropout(0.2)
fc-{classes}
"""

ROOT = Path(__file__).parents[2]

HEAVY = 10_000
"""A checkpoint has more bytes than that, and nothing else that is written while epochs go by."""

TIMES = ("seconds", "images_per_second")


def started(order: list[str], torn_write: int = 0) -> subprocess.Popen[str]:
    """A command in a process of its own, which has imported what it needs and begins now.

    With `torn_write` it kills itself in the middle of writing its checkpoint for that time.
    """
    program = "import sys; from tests.train.killing import child; child(int(sys.argv[1]), sys.argv[2:])"
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(torn_write), *order],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def child(torn_write: int, order: list[str]) -> None:
    """What such a process does."""
    import archdsl.train.training  # noqa: F401 — what takes its time is not to be timed

    print("ready", flush=True)
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    if torn_write:
        tear(torn_write)
    sys.exit(main(order))


def ended(process: subprocess.Popen[str]) -> int:
    """Wait for a process; its exit status, or minus the signal that ended it."""
    with process:
        return process.wait()


def killed_after(seconds: float, order: list[str]) -> int:
    """Run a command and kill it after a while, if it hasn't ended by itself."""
    process = started(order)
    time.sleep(seconds)
    process.kill()
    return ended(process)


def killed_in_write(number: int, order: list[str]) -> int:
    """Run a command and kill it in the middle of writing its checkpoint for the `number`th time."""
    return ended(started(order, number))


def tear(number: int) -> None:
    """Have this process die in the middle of writing a checkpoint for the `number`th time."""
    from archdsl.writing import places as writing

    written, fill = 0, writing._fill

    def torn(draft: Path, data: bytes) -> None:
        nonlocal written
        written += len(data) > HEAVY
        if written < number or len(data) <= HEAVY:
            return fill(draft, data)
        with draft.open("wb") as file:
            file.write(data[: len(data) // 2])
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return None

    writing._fill = torn


def arguments(folder: Path, epochs: int) -> list[str]:
    """A training with dropout, crops and mirroring, in a new folder."""
    spec = folder.parent / "tiny.arch"
    spec.write_text(SPEC, encoding="utf-8")
    options = {"--epochs": epochs, "--batch-size": 64, "--resize": 10, "--crop": 8, "--seed": 3, "--schedule": "cosine"}
    return [
        "train",
        str(spec),
        "--out",
        str(folder),
        "--flip",
        *(str(each) for pair in options.items() for each in pair),
    ]


def goes_on(folder: Path) -> list[str]:
    """The same training from where it is, or from the beginning where nothing was kept yet."""
    return ["train", "--resume", str(folder)]


def outcome(folder: Path) -> tuple[list[dict[str, str]], dict[str, torch.Tensor]]:
    """The figures of every epoch but for times, and all tensors: weights tested, weights last, optimizer's state."""
    with (folder / TABLE).open(encoding="utf-8") as file:
        rows = [{name: value for name, value in row.items() if name not in TIMES} for row in csv.DictReader(file)]
    return rows, {**load_file(folder / WEIGHTS), **load_file(folder / CHECKPOINT)}


def assert_equal(found: Path, expected: Path) -> None:
    """Raise AssertionError unless two trainings ended with the same bits."""
    (rows, tensors), (their_rows, theirs) = outcome(found), outcome(expected)
    assert rows == their_rows
    assert tensors.keys() == theirs.keys()
    for name, tensor in tensors.items():
        assert torch.equal(tensor, theirs[name]), name


def run(times: int, seed: int, epochs: int) -> None:
    """Interrupt trainings until that many were killed, each while it ran, and hold every end to the uninterrupted."""
    draw = random.Random(seed)
    with tempfile.TemporaryDirectory() as name:
        whole = Path(name) / "whole"
        process = started(arguments(whole, epochs))
        begun = time.perf_counter()
        assert ended(process) == 0
        took = time.perf_counter() - begun
        kills, runs = 0, 0
        while kills < times:
            folder, runs = Path(name) / f"run{runs}", runs + 1
            order = arguments(folder, epochs)
            for _ in range(4):
                if kills >= times:
                    break
                if kills % 2:
                    status = killed_in_write(draw.randint(1, 3), order)
                else:
                    status = killed_after(draw.uniform(0.05, 0.6) * took, order)
                kills += status == -signal.SIGKILL
                print(f"kill {kills}: status {status}, checkpoint {(folder / CHECKPOINT).is_file()}", flush=True)
                if (folder / "run.toml").is_file():
                    order = goes_on(folder)
            assert ended(started(order)) == 0
            assert_equal(folder, whole)
            print(f"{folder.name}: bit-equal after {kills} kills in all", flush=True)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 20, 0, 20)
