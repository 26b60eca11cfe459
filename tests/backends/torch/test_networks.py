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

from ...clean_source import assert_clean
from .specs_here import NAMES, ONLY_HERE, SPECS, batch, network


def test_equal_to_torchvision() -> None:
    """A network beyond those of the zoo: outputs, and gradients of a training mode in which nothing is drawn."""
    reference, ours = torchvision.models.mobilenet_v3_small(weights=None), network("mobilenet_v3").module()
    assert list(ours.state_dict()) == list(reference.state_dict())
    ours.load_state_dict(reference.state_dict(), strict=True)
    image, pair = batch("mobilenet_v3", 1), batch("mobilenet_v3")
    gradients = []
    for model in (ours.eval(), reference.eval()):
        with torch.no_grad():
            model.output = model(image)
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


@pytest.mark.parametrize("name", ONLY_HERE)
def test_same_text_at_another_size(name: str) -> None:
    first = network(name)
    sizes = (first.input[0], *(2 * size + 32 for size in first.input[1:]))
    assert first.source() == network(name, input=sizes).source()


def test_clean_under_ruff_and_mypy(tmp_path: Path) -> None:
    for name in ONLY_HERE:
        (tmp_path / f"{name}.py").write_text(network(name).source(), encoding="utf-8")
    assert_clean(tmp_path)


def test_same_bytes_under_any_hash_seed() -> None:
    names = ["densenet121", "inception_v3", "fcn8s", *(str(SPECS / f"{name}.arch") for name in ONLY_HERE)]
    code = f"from archdsl.network import load\nfor name in {names}: print(load(name).source())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
        ).stdout
        for seed in range(2)
    }
    assert len(outputs) == 1


def test_other_classes_change_the_head_alone() -> None:
    for name in ("squeezenet1_1", "shufflenet_v2_x2_0", "mobilenet_v3", "se_resnet50"):
        module = network(name, classes=7).module().eval()
        with torch.no_grad():
            assert module(batch(name)).shape[1] == 7
