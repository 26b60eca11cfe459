"""A training that is killed, at any moment and in the middle of a write, ends with the bits of one that isn't."""

from __future__ import annotations

import random
import signal
import time
from pathlib import Path

import pytest

from archdsl.cli import main
from archdsl.recipes.run_folder import CHECKPOINT

from .conftest import Commands
from .killing import arguments, assert_equal, ended, goes_on, killed_after, killed_in_write, started

EPOCHS = 4


def test_four_epochs_are_two_a_kill_and_two(tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    process = started(arguments(whole, EPOCHS))
    begun = time.perf_counter()
    assert ended(process) == 0
    took = time.perf_counter() - begun

    # While the third epoch's checkpoint is written, then wherever it is.
    assert killed_in_write(3, arguments(torn, EPOCHS)) == -signal.SIGKILL
    killed_after(random.Random(0).uniform(0.1, 0.5) * took, goes_on(torn))
    assert ended(started(goes_on(torn))) == 0
    assert_equal(torn, whole)


def test_that_test_can_fail(tmp_path: Path) -> None:
    a, b = tmp_path / "a", tmp_path / "b"
    for folder, more in ((a, []), (b, ["--seed", "4"])):
        assert main([*arguments(folder, 1), *more]) == 0
    with pytest.raises(AssertionError):
        assert_equal(a, b)


def test_a_changed_spec_is_another_network(run: Commands) -> None:
    run.train("--epochs", "1")
    spec = run.folder / "run" / "spec" / "tiny.arch"
    spec.write_text(spec.read_text(encoding="utf-8").replace("conv3-16/2", "conv5-16/2"), encoding="utf-8")
    ran = run("train", "--resume", "run", "--epochs", "2")
    assert (ran.status, "error[changed-network]" in ran.err) == (1, True)


def test_a_comment_changes_no_network(run: Commands) -> None:
    run.train("--epochs", "1")
    spec = run.folder / "run" / "spec" / "tiny.arch"
    spec.write_text("# mine\n" + spec.read_text(encoding="utf-8"), encoding="utf-8")
    assert run("train", "--resume", "run", "--epochs", "2").status == 0


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\x80\x04N.", b"\x10\0\0\0\0\0\0\0{}              "])
def test_a_damaged_checkpoint_is_said(run: Commands, damage: bytes) -> None:
    run.train("--epochs", "1", "--batch-size", "700")
    (run.folder / "run" / CHECKPOINT).write_bytes(damage)
    ran = run("train", "--resume", "run", "--epochs", "2")
    assert (ran.status, "checkpoint" in ran.err, "Traceback" in ran.err) == (2, True, False)


def test_what_is_no_run(run: Commands) -> None:
    (run.folder / "empty").mkdir()
    for command in (("train", "--resume", "empty"), ("evaluate", "empty"), ("evaluate", "nowhere")):
        ran = run(*command)
        assert (ran.status, "error[not-a-run]" in ran.err) == (1, True)
