"""Open sizes: the shapes of every spec as formulas, which at any numbers are torch's own."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch

import archdsl
from archdsl.symbolic import Expr, substitute

SPECS = [
    ("vgg16_bn", None),
    ("resnet18", None),
    ("resnet50", None),
    ("resnet-cifar.arch", None),
    ("allconv.arch", "allcnn_c"),
    ("lecture-allconv.arch", None),
    ("plain34.arch", None),
]


def numbers(value: Any, sizes: dict[str, int]) -> Any:
    return tuple(substitute(each, sizes) for each in value) if isinstance(value, tuple) else substitute(value, sizes)


@pytest.mark.parametrize(("name", "variant"), SPECS)
def test_formulas_are_the_numbers(name: str, variant: str | None) -> None:
    network = archdsl.load(name, variant=variant)
    formulas = archdsl.load(name, variant=variant, input=f"{network.input[0]}xHxW").shapes()
    assert any(isinstance(size, Expr) for row in formulas.rows for size in row.output)
    least = network.shapes().smallest_input
    assert least is not None
    draw = random.Random(name)
    for _ in range(20):
        sizes = {"H": draw.randint(least, 300), "W": draw.randint(least, 300)}
        settled = archdsl.load(name, variant=variant, input=(network.input[0], sizes["H"], sizes["W"])).shapes()
        assert [numbers(row.output, sizes) for row in formulas.rows] == [row.output for row in settled.rows]
        assert numbers(formulas.macs, sizes) == settled.macs
        assert formulas.params == settled.params


@pytest.mark.parametrize(("name", "variant"), SPECS)
def test_formulas_are_torchs_sizes(name: str, variant: str | None) -> None:
    formulas = {row.name: row for row in archdsl.load(name, variant=variant, input="3xHxW").shapes().rows}
    seen: dict[str, tuple[int, ...]] = {}
    with torch.device("meta"):
        module = archdsl.load(name, variant=variant).module().eval()
    for path, each in module.named_modules():
        each.register_forward_hook(lambda _, __, made, path=path: seen.__setitem__(path, tuple(made.shape[1:])))
    for height, width in ((64, 97), (131, 75), (224, 224)):
        seen.clear()
        module(torch.empty(1, 3, height, width, device="meta"))
        checked = 0
        for path, made in seen.items():
            row = formulas.get(path)
            # A flatten behind a pooling is part of the layer and of no module.
            if row is None or len(made) != len(row.output):
                continue
            assert numbers(row.output, {"H": height, "W": width}) == made, path
            checked += 1
        assert checked > 5


def test_what_needs_a_number_says_so() -> None:
    text = "arch net\ninput 3x8x8\nif {in_height > 4} [conv3-4] else [conv1-4]\n"
    assert archdsl.loads(text).output == (4, 8, 8)
    with pytest.raises(archdsl.ArchError, match="which is open"):
        archdsl.loads(text, input="3xHxW")


def test_layers_without_places_are_settled() -> None:
    shapes = archdsl.load("lenet5", input="1xHxW").shapes()
    # The first `fc` has as many weights as its map has places, and so a formula of them.
    assert isinstance(shapes.params, Expr)
    assert substitute(shapes.params, {"H": 32, "W": 32}) == 61_706
    assert shapes.output == (10,)


def test_explain() -> None:
    text = archdsl.load("lenet5").shapes().to_text(explain=True)
    assert "o = ⌊(i + 2p − k)/s⌋ + 1 = ⌊(32 + 0 − 5)/1⌋ + 1 = 28" in text
    open_text = archdsl.load("resnet18", input="3xHxW").shapes().to_text(explain=True)
    assert "o = ⌊(i + 2p − k)/s⌋ + 1 = ⌊(H + 6 − 7)/2⌋ + 1 = ⌊(H−1)/2⌋+1" in open_text
    forms = "arch net\ninput 4x9x9\nconv3-4(dilation=2) maxpool3/2(ceil=true) deconv3-4/2(output_padding=1)\n"
    lines = archdsl.loads(forms).shapes().to_text(explain=True)
    assert "⌊(i + 2p − d(k − 1) − 1)/s⌋ + 1 = ⌊(9 + 4 − 2(3 − 1) − 1)/1⌋ + 1 = 9" in lines
    assert "⌈(9 + 0 − 3)/2⌉ + 1 = 4" in lines
    assert "(4 − 1)·2 + 1·(3 − 1) + 1 + 1 − 0 = 10" in lines
