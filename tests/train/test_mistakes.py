"""What goes wrong before and while a network is trained: each said, with its way out, and nothing half written."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from archdsl.train.learning import Learning

from .conftest import Commands

NETS = {
    "map": "arch net(classes = 10)\ninput 1x8x8\nconv3-{classes}\n",
    "fixed": "arch net\ninput 1x8x8\ngap fc-7\n",
    "signal": "arch net(classes = 10)\ninput 4x100\nconv3-8 gap fc-{classes}\n",
    "good": "arch net(classes = 10)\ninput 1x8x8\ngap fc-{classes}\n",
}


@pytest.mark.parametrize(
    ("net", "options", "code", "said"),
    [
        ("map", (), "not-a-classifier", "10x8x8"),
        ("signal", (), "not-a-classifier", "4x100"),
        ("fixed", (), "classes-mismatch", "7 classes apart, and digits has 10"),
        ("good", ("--set", "classes=4"), "classes-mismatch", "`--set classes=10`"),
        ("good", ("--crop", "9"), "bad-crop", "9x9"),
        ("good", ("--resize", "5", "--crop", "6"), "bad-crop", "`--resize`"),
        ("good", ("--batch-size", "2000"), "batch-too-large", "`--batch-size 1295`"),
    ],
)
def test_diagnostics(run: Commands, net: str, options: tuple[str, ...], code: str, said: str) -> None:
    (run.folder / "net.arch").write_text(NETS[net], encoding="utf-8")
    ran = run.train(*options, spec="net.arch", status=1)
    assert f"error[{code}]" in ran.err
    assert said in ran.err


@pytest.mark.parametrize(
    "options", [("--epochs", "0"), ("--lr", "0"), ("--optimizer", "lion"), ("--validation", "1"), ("--momentum", "1")]
)
def test_values_out_of_bounds(run: Commands, options: tuple[str, str]) -> None:
    ran = run.train(*options, status=2)
    assert options[0] in ran.err


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("epochs = 0\n", "bad-setting", "greater than or equal to 1"),
        ("lr = 0.1\nepoch = 3\n", "unknown-setting", "`epochs`"),
        ("epochs = \n", "unreadable-recipe", "no TOML"),
        ('optimizer = "lion"\n', "bad-setting", "`optimizer`"),
        ("set = 3\n", "bad-setting", "table"),
    ],
)
def test_recipes_with_mistakes(run: Commands, text: str, code: str, said: str) -> None:
    (run.folder / "r.toml").write_text(text, encoding="utf-8")
    ran = run.train("--recipe", "r.toml", status=1)
    assert f"error[{code}]" in ran.err
    assert said in ran.err
    assert "r.toml:" in ran.err


def test_a_loss_that_is_not_finite_stops_and_keeps(run: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    loss = Learning._loss

    def burst(self: Learning, output: torch.Tensor, labels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        found, scores = loss(self, output, labels)
        return (found * float("nan") if self.epoch == 2 and self.step == 4 else found), scores

    monkeypatch.setattr(Learning, "_loss", burst)
    ran = run.train("--epochs", "4", status=1)
    assert "error[loss-not-finite]" in ran.err
    assert "in step 5 of epoch 3" in ran.err
    assert "the checkpoint of epoch 2 is kept" in ran.err
    monkeypatch.undo()
    monkeypatch.chdir(run.folder)
    assert run("train", "--resume", "run").status == 0
    assert run.metrics()["epochs"] == 4


def test_a_rate_beyond_all_bounds(run: Commands) -> None:
    ran = run.train("--optimizer", "sgd", "--lr", "1e30", "--epochs", "1", status=1)
    assert "error[loss-not-finite]" in ran.err


def test_a_folder_that_can_not_be_made(run: Commands) -> None:
    Path("file").write_text("", encoding="utf-8")
    ran = run.train(out="file/run", status=2)
    assert ran.err.startswith("error: ")


@pytest.mark.parametrize("arguments", [(), ("tiny.arch", "--resume", "run"), ("--resume", "run", "--recipe", "r.toml")])
def test_neither_or_both(run: Commands, arguments: tuple[str, ...]) -> None:
    assert run("train", *arguments).status == 2


def test_transfer_needs_weights(run: Commands) -> None:
    ran = run("transfer", "tiny.arch", "--epochs", "1")
    assert (ran.status, "--weights" in ran.err) == (2, True)
