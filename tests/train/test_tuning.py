"""Weights to begin from, and frozen means frozen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import archdsl
from archdsl import ArchError
from archdsl.train.learning import Learning
from archdsl.train.transfer import SETTINGS
from archdsl.train.tuning import Tuning, fingerprints

from .conftest import Commands

NET = """\
arch net(classes = 10)
input 3x8x8
stem: [conv3-8 bn relu dropout(0.1)]
body: [conv3-16/2 bn relu conv3-16 bn relu]
gap dropout(0.2)
fc: fc-{classes}
"""


@pytest.fixture
def net(run: Commands) -> Commands:
    """A run `before`, from whose weights others may begin."""
    (run.folder / "net.arch").write_text(NET, encoding="utf-8")
    torch.manual_seed(1)
    module = archdsl.load("net.arch").module()
    for name, tensor in module.state_dict().items():
        if "running" in name:
            tensor.uniform_(-0.1, 0.1) if "mean" in name else tensor.uniform_(0.5, 1.5)
    torch.save(module.state_dict(), run.folder / "before.pt")
    return run


@pytest.mark.parametrize(
    ("tune", "trained"),
    [
        ("top", r"fc\."),
        ("top-3", r"fc\.|body\."),
        ("body", r"body\."),
        ("stem, fc", r"stem\.|fc\."),
        ("all", r""),
    ],
)
def test_frozen_means_frozen(net: Commands, tune: str, trained: str) -> None:
    ran = net.train("--weights", "before.pt", "--tune", tune, "--epochs", "2", "--lr", "0.05", spec="net.arch")
    before = fingerprints(torch.load(net.folder / "before.pt", weights_only=True))
    for file in ("weights", "checkpoint"):
        tensors = load_file(net.folder / "run" / f"{file}.safetensors")
        tensors = {name.removeprefix("weights/"): tensor for name, tensor in tensors.items()}
        after = fingerprints({name: tensors[name] for name in before})
        for name, was in before.items():
            assert (after[name] != was) == bool(re.match(trained, name)), name
    optimized = {name.split("/")[1] for name in tensors if name.startswith("optimizer/")}
    parameters = [name for name, _ in archdsl.load("net.arch").module().named_parameters()]
    assert len(optimized) == sum(bool(re.match(trained, name)) for name in parameters)
    assert ("frozen" in ran.out) == (tune != "all")


def test_the_table_says_what_trains(net: Commands) -> None:
    ran = net.train("--weights", "before.pt", "--tune", "top", "--epochs", "1", spec="net.arch")
    assert "grey images are shown as colour ones" in ran.out
    assert "assumed, as the weights don't say" in ran.out
    table = [line.split() for line in ran.out.splitlines()]
    assert ["stem", "frozen", "232"] in table
    assert ["fc", "170", "170"] in table
    assert ["170", "3,922"] in table
    assert net.metrics()["trained_parameters"] == 170


def test_gradients_modes_and_followers() -> None:
    network = archdsl.loads(NET).module()
    tuning = Tuning(network, "top-3")
    network.train()
    tuning.apply()
    wanting = {name for name, parameter in network.named_parameters() if parameter.requires_grad}
    assert wanting == {name for name, _ in network.named_parameters() if not name.startswith("stem.")}
    modes = {name: module.training for name, module in network.named_modules() if not list(module.children())}
    # The dropout behind the stem belongs to what comes next, which trains.
    assert modes["stem.0"] is modes["stem.1"] is False
    assert modes["stem.3"] is modes["body.0"] is modes["body.1"] is modes["dropout"] is modes["fc"] is True
    assert set(tuning.frozen) == {name for name in network.state_dict() if name.startswith("stem.")}
    x = torch.rand(4, 3, 8, 8)
    network(x).sum().backward()
    assert network.stem[0].weight.grad is None
    assert network.fc.weight.grad is not None


def test_a_switch_on_the_module_would_freeze_nothing() -> None:
    # What the lecture's notebook does: an attribute of the module, which no optimizer looks at.
    network = archdsl.loads(NET).module()
    network.stem.requires_grad = False
    assert all(parameter.requires_grad for parameter in network.parameters())


def test_a_head_for_other_classes_begins_anew(net: Commands) -> None:
    images = torch.randint(256, (3, 4, 8, 8, 3), dtype=torch.uint8)
    from PIL import Image

    for label, pixels in zip(("cup", "hat", "sun"), images, strict=True):
        (net.folder / "own" / label).mkdir(parents=True)
        for number, each in enumerate(pixels):
            Image.fromarray(each.numpy()).save(net.folder / "own" / label / f"{number}.png")
    ran = net.train(
        *("--data", "folder:own", "--weights", "before.pt", "--tune", "top", "--epochs", "1", "--batch-size", "4"),
        spec="net.arch",
    )
    assert "`fc` begins anew, for 3 classes" in ran.out
    assert load_file(net.folder / "run" / "weights.safetensors")["fc.weight"].shape == (3, 16)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--tune", "top"), "begin from weights"),
        (("--tune", "bdy", "--weights", "before.pt"), "`body`"),
        (("--tune", "top-9", "--weights", "before.pt"), "4 layers with weights"),
    ],
)
def test_what_can_not_be_tuned(net: Commands, options: tuple[str, ...], said: str) -> None:
    ran = net.train(*options, spec="net.arch", status=1)
    assert "error[bad-tune]" in ran.err
    assert said in ran.err


def test_weights_of_another_network(net: Commands) -> None:
    ran = net.train("--weights", "before.pt", "--epochs", "1", status=1)
    assert "error[" in ran.err


def test_four_settings(net: Commands, monkeypatch: pytest.MonkeyPatch) -> None:
    options = ("--weights", "before.pt", "--epochs", "1", "--batch-size", "400")
    # Stopped in the second setting, and gone on with.
    begun = Learning.on_train_start
    count = 0

    def stop(self: Learning) -> None:
        nonlocal count
        count += 1
        if count == 2:
            from archdsl.train.stopping import Stopped

            raise Stopped
        begun(self)

    monkeypatch.setattr(Learning, "on_train_start", stop)
    ran = net("transfer", "net.arch", *options, "--out", "four")
    assert (ran.status, "archdsl transfer --resume four" in ran.out) == (130, True)
    ran = net("transfer", "--resume", "four")
    assert ran.status == 0, ran.err
    assert ran.out.count("done before") == 1
    found = json.loads(Path("four/transfer.json").read_text(encoding="utf-8"))
    assert list(found) == list(SETTINGS) == ["scratch", "top", "top-3", "all"]
    assert [each["trained_parameters"] for each in found.values()] == [3922, 170, 3690, 3922]
    for tune, title in SETTINGS.items():
        line = next(line for line in ran.out.splitlines() if line.startswith(title) and "%" in line)
        assert f"{100 * found[tune]['test_accuracy']:.2f} %" in line
    assert Path("four/transfer.png").read_bytes().startswith(b"\x89PNG")


def test_labels_that_hold_nothing_to_train() -> None:
    with pytest.raises(ArchError, match="no part of the network"):
        Tuning(archdsl.loads(NET).module(), "nothing")
