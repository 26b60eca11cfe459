"""What PyTorch and its compiler refuse while a training runs, and which networks are no classifiers of images."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.train.learning import Learning

from .conftest import Commands

ROOT = Path(__file__).parents[2]


def test_a_memory_that_holds_no_step(run: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Learning, "_loss", lambda *arguments: torch.empty(2**50))
    ran = run.train("--epochs", "1", status=1)
    assert "error[out-of-memory]" in ran.err
    assert "`--batch-size`" in ran.err
    assert "DefaultCPUAllocator" in ran.err


def test_what_else_goes_wrong_in_a_step_is_a_bug(run: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Learning, "_loss", lambda *arguments: torch.ones(2) @ torch.ones(3))
    with pytest.raises(RuntimeError, match="inconsistent tensor size"):
        run("train", "tiny.arch", "--epochs", "1", "--out", "run")


def test_a_compiler_that_is_not_there(run: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    from torch._inductor.exc import InvalidCxxCompiler

    def refuse(*arguments: object) -> None:
        raise InvalidCxxCompiler

    # As it comes out of the first step, which is when the compiler is looked for.
    monkeypatch.setattr(torch, "compile", lambda function: refuse)
    ran = run.train("--epochs", "1", "--compile", status=1)
    assert "error[compile-refused]" in ran.err
    assert "No working C++ compiler found" in ran.err
    assert "`--compile`" in ran.err


NO_CLASSIFIER = {
    "a vector": ("8", "fc-3"),
    "a signal": ("3x100", "conv3-4 gap fc-3"),
    "a volume": ("1x4x8x8", "conv3-4 gap fc-3"),
    "four channels": ("4x8x8", "conv3-4 gap fc-3"),
    "a map": ("3x8x8", "conv3-3"),
    "one score": ("3x8x8", "gap fc-1"),
}


@pytest.mark.parametrize("kind", NO_CLASSIFIER)
def test_what_is_no_classifier_of_images(kind: str, tmp_path: Path) -> None:
    """Said ahead of torch, which isn't even imported, and ahead of the weights, which aren't there."""
    sizes, body = NO_CLASSIFIER[kind]
    (tmp_path / "net.arch").write_text(f"arch net\ninput {sizes}\n{body}\n", encoding="utf-8")
    program = (
        "import sys; from archdsl.cli import main; status = main(sys.argv[1:]); "
        "sys.exit('torch' if 'torch' in sys.modules else status)"
    )
    commands = [["predict", "net.arch", "a.png", "--weights", "none.pt"]]
    # Of what a training is for, the channels are the data's.
    if kind != "four channels":
        commands.append(["train", "net.arch", "--out", "run"])
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-c", program, *command],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "ARCHDSL_DEBUG": "0"},
            capture_output=True,
            text=True,
            timeout=100,
        )
        assert (done.returncode, "error[not-a-classifier]" in done.stderr) == (1, True), done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["net.arch"]


def test_sizes_that_are_open(run: Commands) -> None:
    (run.folder / "net.arch").write_text(
        "arch net(classes = 10)\ninput 1x5x5\nconv3-4 gap fc-{classes}\n", encoding="utf-8"
    )
    run.train("--epochs", "1", "--input", "1xHxW", spec="net.arch")
    assert '"crop": [\n    8,\n    8\n  ]' in (run.folder / "run" / "preparation.json").read_text(encoding="utf-8")
    for label in ("a", "b"):
        (run.folder / "own" / label).mkdir(parents=True)
    ran = run.train("--data", "folder:own", "--input", "1xHxW", spec="net.arch", out="b", status=1)
    assert "error[open-image-size]" in ran.err
    ran = run.train("--resize", "99999", spec="net.arch", out="b", status=1)
    assert "error[images-too-large]" in ran.err
    assert run("export", "run", "--input", "1xHxW", "-o", "a.pt2").status == 2
    assert run("export", "run", "--input", "1x9x7", "-o", "a.pt2").status == 0


def test_scores_that_are_no_numbers(run: Commands) -> None:
    state = archdsl.load("tiny.arch").module().state_dict()
    state["fc.weight"][0, 0] = float("nan")
    torch.save(state, "nan.pt")
    from .hostile import picture

    picture(8, 8).save("a.png")
    ran = run("predict", "tiny.arch", "a.png", "--weights", "nan.pt")
    assert (ran.status, "error[scores-not-finite]" in ran.err) == (1, True)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--crop", "9", "--resize", "8"), "9×9 can't be cut out of images resized to 8×8"),
        (("--crop", "0"), "whole pixels"),
        (("--crop", "3x"), "`3x` is neither a side"),
        (("--resize", "99999x99999"), "pixels"),
        (("--mean", "1,2"), "one for each channel"),
        (("--std", "0"), "above 0"),
        (("--mean", "nan"), "numbers"),
        (("--std", "1e-300"), "above 0"),
    ],
)
def test_preparations_that_make_no_sense(run: Commands, options: tuple[str, ...], said: str) -> None:
    torch.save(archdsl.load("tiny.arch").module().state_dict(), "net.pt")
    ran = run("predict", "tiny.arch", "a.png", "--weights", "net.pt", *options)
    assert (ran.status, said in ran.err) == (2, True), ran.err


def test_a_map_of_an_image_that_no_memory_holds(run: Commands) -> None:
    from .hostile import picture

    (run.folder / "wide.arch").write_text(
        "arch net(classes = 3)\ninput 3x8x8\nconv3-256 gap fc-{classes}\n", encoding="utf-8"
    )
    torch.save(archdsl.load("wide.arch").module().state_dict(), "wide.pt")
    picture(1500, 1500).save("large.png")
    picture(31, 45).save("small.png")
    weights = ("--weights", "wide.pt", "--map")
    ran = run("predict", "wide.arch", "large.png", *weights, "map.png")
    assert (ran.status, "make the image smaller" in ran.err) == (2, True)
    assert run("predict", "wide.arch", "small.png", *weights, "map.png").status == 0
    assert run("predict", "wide.arch", "small.png", *weights, "map.jpg").status == 2
