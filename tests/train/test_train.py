"""`archdsl train` and `evaluate`: what they do, say and leave behind."""

from __future__ import annotations

import csv
import json
import os
import signal
import threading
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from archdsl.train.stopping import Stop

from .conftest import Commands

FILES = [
    "checkpoint.safetensors",
    "confusion.png",
    "curves.png",
    "metrics.csv",
    "metrics.json",
    "misclassified.html",
    "preparation.json",
    "run.toml",
    "spec",
    "weights.safetensors",
]


def test_from_a_spec_to_a_result(run: Commands) -> None:
    ran = run.train("--epochs", "12", "--lr", "0.02", "--batch-size", "64")
    assert "classes = 10, as digits has" in ran.out
    assert "359 of 1,797 images are held out as a test set, the same whatever the seed" in ran.out
    assert "143 of 1,438 images for training are held out for validation, by the seed" in ran.out
    assert sorted(path.name for path in (run.folder / "run").iterdir()) == FILES
    metrics = run.metrics()
    assert metrics["test_accuracy"] > 0.9
    assert metrics["images"] == {"train": 1295, "validation": 143, "test": 359}
    assert (metrics["epochs"], metrics["seed"], metrics["device"], metrics["finished"]) == (12, 0, "cpu", True)
    assert metrics["versions"].keys() == {"archdsl", "torch", "lightning", "python"}
    assert f"{100 * metrics['test_accuracy']:.2f} %" in ran.out
    with (run.folder / "run" / "metrics.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == list(range(1, 13))
    best = rows[metrics["best_epoch"] - 1]
    assert float(best["val_accuracy"]) == metrics["val_accuracy"] == max(float(row["val_accuracy"]) for row in rows)
    for name in ("curves.png", "confusion.png"):
        assert (run.folder / "run" / name).read_bytes().startswith(b"\x89PNG")
    page = (run.folder / "run" / "misclassified.html").read_text(encoding="utf-8")
    wrong = round(359 * (1 - metrics["test_accuracy"]))
    assert f"{wrong} of 359 images" in page
    assert page.count("<li>") == wrong

    # The weights that were tested are those that are kept, and judged alike.
    found = json.loads(run("evaluate", "run", "--format", "json").out)
    assert found["accuracy"] == metrics["test_accuracy"]
    assert found["loss"] == pytest.approx(metrics["test_loss"])
    validation = json.loads(run("evaluate", "run", "--part", "validation", "--format", "json").out)
    assert validation["accuracy"] == metrics["val_accuracy"]

    # No folder is trained into twice, and one that is done can be made longer only.
    again = run("train", "tiny.arch", "--out", "run")
    assert (again.status, "error[folder-in-use]" in again.err, "--resume run" in again.err) == (1, True, True)


def test_what_is_in_an_image(run: Commands) -> None:
    from PIL import Image
    from sklearn.datasets import load_digits

    run.train("--epochs", "12", "--lr", "0.02", "--batch-size", "64")
    digits = load_digits()
    for number in range(10):
        Image.fromarray((digits.images[number] * 15.9).astype("uint8")).save(run.folder / f"{number}.png")
    ran = run("predict", "run", *(f"{number}.png" for number in range(10)), "--top", "1")
    assert ran.status == 0, ran.err
    found = [line.split()[-1] for line in ran.out.splitlines() if line.startswith(" ")]
    assert sum(one == str(other) for one, other in zip(found, digits.target[:10], strict=True)) >= 8
    assert "the shorter side resized to 8" in ran.err
    assert "arch tiny" in run("weights", "spec", "run/weights.safetensors").out
    assert run("predict", "tiny.arch", "0.png").status == 2


def test_same_seed_same_numbers(run: Commands) -> None:
    options = ("--epochs", "2", "--flip", "--resize", "10", "--crop", "8", "--batch-size", "100")
    run.train(*options, out="a")
    run.train(*options, out="b")
    run.train(*options, "--seed", "1", out="c")
    a, b, c = (load_file(run.folder / name / "weights.safetensors") for name in "abc")
    assert all(torch.equal(a[name], b[name]) for name in a)
    assert not torch.equal(a["fc.weight"], c["fc.weight"])


def test_a_recipe_says_the_same_and_options_win(run: Commands) -> None:
    (run.folder / "recipe.toml").write_text(
        'epochs = 1\noptimizer = "sgd"\nlr = 0.05\nresize = 12\n[set]\nclasses = 10\n', encoding="utf-8"
    )
    run.train("--recipe", "recipe.toml", "--lr", "0.5")
    text = (run.folder / "run" / "run.toml").read_text(encoding="utf-8")
    for line in ('optimizer = "sgd"', "lr = 0.5", "epochs = 1", "resize = 12", '[set]\nclasses = "10"'):
        assert line in text
    assert json.loads((run.folder / "run" / "preparation.json").read_text(encoding="utf-8"))["crop"] == [12, 12]


def test_a_softmax_is_not_followed_by_a_second(run: Commands) -> None:
    spec = (run.folder / "tiny.arch").read_text(encoding="utf-8")
    (run.folder / "soft.arch").write_text(spec + "softmax\n", encoding="utf-8")
    plain = run.train("--epochs", "1", out="plain")
    soft = run.train("--epochs", "1", out="soft", spec="soft.arch")
    assert "`softmax` makes probabilities: the loss takes its logits" in soft.out
    assert "logits" not in plain.out
    assert run.metrics("soft")["train_loss"] == run.metrics("plain")["train_loss"]
    weights = load_file(run.folder / "soft" / "weights.safetensors")
    assert weights.keys() == load_file(run.folder / "plain" / "weights.safetensors").keys()


def test_outputs_of_training_count_for_a_part(run: Commands) -> None:
    (run.folder / "aux.arch").write_text(
        "arch net(classes = 10)\ninput 1x8x8\nbody: [conv3-8 bn relu]\naux side from @body [gap fc-{classes}]\n"
        "gap\nfc: fc-{classes}\nsoftmax\n",
        encoding="utf-8",
    )
    ran = run.train("--epochs", "1", spec="aux.arch")
    assert "`softmax` makes probabilities" in ran.out
    weights = load_file(run.folder / "run" / "weights.safetensors")
    assert any(name.startswith("side.") for name in weights)


@pytest.mark.parametrize("schedule", ["plateau", "cosine", "step"])
def test_schedules(run: Commands, schedule: str) -> None:
    run.train("--epochs", "4", "--schedule", schedule, "--schedule-every", "1", "--lr", "0.3", "--batch-size", "400")
    with (run.folder / "run" / "metrics.csv").open(encoding="utf-8") as file:
        rates = [float(row["lr"]) for row in csv.DictReader(file)]
    assert rates[0] == 0.3
    if schedule == "step":
        assert rates == pytest.approx([0.3, 0.03, 0.003, 0.0003])
    elif schedule == "cosine":
        assert rates == pytest.approx([0.3, 0.256066, 0.15, 0.043934], rel=1e-4)
    else:
        assert rates == sorted(rates, reverse=True)


def test_without_validation_the_last_weights_are_tested(run: Commands) -> None:
    run.train("--epochs", "2", "--validation", "0")
    metrics = run.metrics()
    assert metrics["images"]["validation"] == 0
    assert metrics["val_accuracy"] is None
    assert metrics["best_epoch"] is None


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_cleanly_and_the_training_goes_on(
    run: Commands, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = ("--epochs", "3", "--batch-size", "32", "--flip", "--lr", "0.01")
    run.train(*options, out="whole")

    # Sent within an epoch, where its sums are not finished either.
    from archdsl.train.keeping import Keeping

    before, seen = Keeping.on_train_batch_end, 0

    def after_a_step(self: Keeping, *arguments: object) -> None:
        nonlocal seen
        seen += 1
        if seen == 60:
            os.kill(os.getpid(), number)
        before(self, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Keeping, "on_train_batch_end", after_a_step)
    handler = signal.getsignal(number)
    ran = run.train(*options, status=130)
    assert signal.getsignal(number) is handler
    assert "`archdsl train --resume run` goes on" in ran.out
    metrics = run.metrics()
    assert (metrics["finished"], metrics["epochs"], metrics["test_accuracy"]) == (False, 1, None)
    assert run("evaluate", "run").status == 0
    ran = run("train", "--resume", "run")
    assert ran.status == 0, ran.err
    for name, tensor in load_file(run.folder / "whole" / "checkpoint.safetensors").items():
        assert torch.equal(tensor, load_file(run.folder / "run" / "checkpoint.safetensors")[name]), name
    assert run.metrics()["test_accuracy"] == run.metrics("whole")["test_accuracy"]


def test_a_second_signal_quits() -> None:
    def twice() -> None:
        with Stop().listening() as stop:
            os.kill(os.getpid(), signal.SIGINT)
            assert stop.asked
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        twice()
    assert signal.getsignal(signal.SIGINT) is before


def test_listening_is_for_the_main_thread_only() -> None:
    failed: list[Exception] = []

    def listen() -> None:
        try:
            with Stop().listening():
                pass
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=listen)
    thread.start()
    thread.join()
    assert failed == []


def test_a_training_is_made_longer(run: Commands) -> None:
    run.train("--epochs", "1", "--schedule", "cosine", "--batch-size", "400")
    assert run("train", "--resume", "run", "--epochs", "2").status == 0
    assert run.metrics()["epochs"] == 2
    with (run.folder / "run" / "metrics.csv").open(encoding="utf-8") as file:
        assert [float(row["lr"]) for row in csv.DictReader(file)] == [0.001, 0.0005]
    ran = run("train", "--resume", "run", "--lr", "1")
    assert (ran.status, "can't change" in ran.err) == (2, True)


def test_tensorboard(run: Commands) -> None:
    run.train("--epochs", "1", "--tensorboard")
    assert list((run.folder / "run" / "tensorboard").glob("events.*"))


def test_a_new_folder_by_itself(run: Commands) -> None:
    for number in ("", "-2"):
        assert run("train", "tiny.arch", "--epochs", "1", "--batch-size", "700").status == 0
        assert (run.folder / "runs" / f"tiny-digits{number}" / "metrics.json").is_file()


def test_imports_go_with_the_spec(run: Commands) -> None:
    parts = run.folder / "parts"
    parts.mkdir()
    (parts / "unit.arch").write_text("block unit(c) = [conv3-{c} bn relu]\n", encoding="utf-8")
    (run.folder / "net.arch").write_text(
        'from "parts/unit.arch" use unit\narch net(classes = 10)\ninput 1x8x8\nunit(8)\ngap fc-{classes}\n',
        encoding="utf-8",
    )
    run.train("--epochs", "1", spec="net.arch")
    assert Path("run/spec/parts/unit.arch").is_file()
    assert run("train", "--resume", "run", "--epochs", "2").status == 0


def test_a_net_of_a_paper_learns_the_digits(run: Commands) -> None:
    """ResNet-20 (He et al. 2016, section 4.2): 98.1 % after these four epochs, 99.7 % after fifteen."""
    ran = run.train(
        *("--input", "3x32x32", "--optimizer", "sgd", "--lr", "0.05", "--weight-decay", "1e-4"),
        *("--schedule", "cosine", "--batch-size", "64", "--epochs", "4", "--seed", "0"),
        spec="resnet20",
    )
    assert "input 1x32x32: digits has 1 channel, the spec 3" in ran.out
    assert run.metrics()["parameters"] == 269_434
    assert run.metrics()["test_accuracy"] >= 0.95
