"""Whole networks: torchvision's weights, outputs and gradients, and what must hold of every generated class."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from .specs_here import NAMES, SPECS, batch, network

EQUALS = {
    "alexnet": "alexnet",
    "densenet": "densenet121",
    "googlenet": "googlenet",
    "inception": "inception_v3",
    "mnasnet": "mnasnet0_5",
    "mobilenet_v2": "mobilenet_v2",
    "mobilenet_v3": "mobilenet_v3_small",
    "resnext": "resnext50_32x4d",
    "shufflenet": "shufflenet_v2_x0_5",
    "squeezenet": "squeezenet1_0",
}
"""torchvision's network for the first variant of a spec."""


def theirs(name: str) -> nn.Module:
    make = getattr(torchvision.models, EQUALS[name])
    if name not in ("googlenet", "inception"):
        return make(weights=None)  # type: ignore[no-any-return]
    model: nn.Module = make(weights=None, aux_logits=True, transform_input=False, init_weights=False)
    model.aux_logits = False
    for head in ("aux1", "aux2", "AuxLogits"):
        if hasattr(model, head):
            setattr(model, head, None)
    return model


@pytest.mark.parametrize("name", EQUALS)
def test_equal_to_torchvision(name: str) -> None:
    reference, ours = theirs(name), network(name).module()
    assert sorted(ours.state_dict()) == sorted(reference.state_dict())
    ours.load_state_dict(reference.state_dict(), strict=True)
    image, pair = batch(name, 1), batch(name)
    gradients = []
    for model in (ours.eval(), reference.eval()):
        with torch.no_grad():
            model.output = model(image)
        # Of a training mode in which nothing is drawn.
        model.train()
        torch.manual_seed(1)
        model(pair).square().mean().backward()
        gradients.append({key: weight.grad for key, weight in model.named_parameters()})
    assert torch.equal(ours.output, reference.output)
    for key, gradient in gradients[0].items():
        assert torch.equal(gradient, gradients[1][key]), key


@pytest.mark.parametrize("name", NAMES)
def test_source_is_a_copy_of_nothing(name: str) -> None:
    """At most one class a block and kind of arguments, and none that differs in numbers alone."""
    text = network(name).source()
    classes = re.findall(r"^class (\w+)\(.*?(?=^class |\Z)", text, re.M | re.S)
    bodies = re.split(r"^class \w+", text, flags=re.M)[1:]
    plain = [re.sub(r"[0-9]+", "0", body) for body in bodies]
    assert len(set(plain)) == len(classes)


@pytest.mark.parametrize("name", [each for each in NAMES if each not in ("alexnet", "inception")])
def test_same_text_at_another_size(name: str) -> None:
    first = network(name)
    sizes = (first.input[0], *(2 * size + 32 for size in first.input[1:]))
    assert first.source() == network(name, input=sizes).source()


def test_clean_under_ruff_and_mypy(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(network(name).source(), encoding="utf-8")
    for command in (
        ["ruff", "check", "--isolated", "--no-cache", "."],
        ["ruff", "format", "--isolated", "--no-cache", "--check", "."],
        [
            "mypy",
            "--strict",
            "--config-file=",
            "--cache-dir",
            str(tmp_path / ".cache"),
            *(f"{name}.py" for name in NAMES),
        ],
    ):
        done = subprocess.run([sys.executable, "-m", *command], cwd=tmp_path, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr


def test_same_bytes_under_any_hash_seed() -> None:
    names = ["densenet", "inception", "mobilenet_v3", "convnext", "fcn"]
    paths = [str(SPECS / f"{name}.arch") for name in names]
    code = f"from archdsl.network import load\nfor path in {paths}: print(load(path).source())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in range(4)
    }
    assert len(outputs) == 1


def test_other_classes_change_the_head_alone() -> None:
    for name in ("squeezenet", "shufflenet", "unet", "se_resnet"):
        module = network(name, classes=7).module().eval()
        with torch.no_grad():
            assert module(batch(name)).shape[1] == 7
