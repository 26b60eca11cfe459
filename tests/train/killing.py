"""Trainings in processes of their own that are killed with SIGKILL: after a while, or in the middle of a write.

`python -m tests.train.killing [TIMES]` interrupts one training that often, goes on with it each time, and compares
what comes of it with one that nobody interrupted.
"""

from __future__ import annotations

import csv
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from safetensors.torch import load_file

from archdsl.cli import main
from archdsl.recipes.run_folder import CHECKPOINT, TABLE, WEIGHTS
from archdsl.train import checkpoint, files

SPEC = """\
arch tiny(classes = 10)
input 1x8x8
conv3-8 bn relu dropout2d(0.1)
conv3-16/2 bn relu
gap dropout(0.2)
fc-{classes}
"""

TIMES = ("seconds", "images_per_second")


def in_child(work: Callable[[], int]) -> int:
    """Run work in a forked process, which is warm already, and return its process id."""
    pid = os.fork()
    if pid:
        return pid
    status = 1
    try:
        with Path(os.devnull).open("w") as nowhere:
            sys.stdout = sys.stderr = nowhere
            status = work()
    finally:
        os._exit(status)


def ended(pid: int) -> int:
    """Wait for a process; its exit status, or minus the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def killed_after(seconds: float, work: Callable[[], int]) -> int:
    """Run work and kill it after a while, if it hasn't ended by itself."""
    pid = in_child(work)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    return ended(pid)


def killed_in_write(number: int, work: Callable[[], int]) -> int:
    """Run work and kill it in the middle of writing its checkpoint for the `number`th time."""

    def torn() -> int:
        written = 0
        whole = checkpoint.write_whole

        def write(path: Path, data: bytes) -> None:
            nonlocal written
            written += 1
            if written < number:
                return whole(path, data)
            # As `files.write_whole` does it, up to the half.
            with path.with_name(f".{path.name}.torn").open("wb") as file:
                file.write(data[: len(data) // 2])
                file.flush()
                os.kill(os.getpid(), signal.SIGKILL)
            return None

        checkpoint.write_whole = write
        return work()

    assert files.write_whole is checkpoint.write_whole
    return ended(in_child(torn))


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
        begun = time.perf_counter()
        assert ended(in_child(lambda: main(arguments(whole, epochs)))) == 0
        took = time.perf_counter() - begun
        kills, runs = 0, 0
        while kills < times:
            folder, runs = Path(name) / f"run{runs}", runs + 1
            order, status = arguments(folder, epochs), 0
            for _ in range(4):
                if kills < times:
                    if kills % 2:
                        status = killed_in_write(draw.randint(1, 3), lambda order=order: main(order))
                    else:
                        status = killed_after(draw.uniform(0.05, 0.6) * took, lambda order=order: main(order))
                    kills += status == -signal.SIGKILL
                    print(f"kill {kills}: status {status}, checkpoint {(folder / CHECKPOINT).is_file()}", flush=True)
                else:
                    status = ended(in_child(lambda order=order: main(order)))
                if (folder / "run.toml").is_file():
                    order = goes_on(folder)
            status = ended(in_child(lambda order=order: main(order)))
            assert status == 0, status
            assert_equal(folder, whole)
            print(f"{folder.name}: bit-equal after {kills} kills in all", flush=True)


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 20, 0, 20)
