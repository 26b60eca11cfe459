"""Open sizes: the shapes of every spec as formulas, which at any numbers are torch's own."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from torch import nn

import archdsl
from archdsl import ArchError
from archdsl.symbolic import Expr, substitute

from ..specs.specs_under_test import variants

# One variant of each spec, and of ResNet both kinds of block.
SPECS = [*{name: (name, variant) for name, variant in reversed(variants())}.values(), ("resnet.arch", "resnet50")]
LETTERS = "DHW"


def numbers(value: Any, sizes: dict[str, int]) -> Any:
    return tuple(substitute(each, sizes) for each in value) if isinstance(value, tuple) else substitute(value, sizes)


def random_sizes(name: str, network: archdsl.Network, count: int) -> Iterator[dict[str, int]]:
    """Sizes that a network takes, about those that it was made for."""
    draw = random.Random(name)
    spatial = network.input[1:]
    letters = LETTERS[-len(spatial) :]
    while count:
        sizes = {
            letter: draw.randint(size // 3, size + size // 3) for letter, size in zip(letters, spatial, strict=True)
        }
        try:
            archdsl.load(name, variant=network.variant, input=(network.input[0], *sizes.values()))
        except ArchError:
            # A U-Net joins maps only of sizes that leave no rest where its own leaves none, and small ones vanish.
            sizes = {letter: size + 16 * draw.randint(0, 4) for letter, size in zip(letters, spatial, strict=True)}
        count -= 1
        yield sizes


def watch(module: nn.Module, seen: dict[str, tuple[int, ...]]) -> None:
    """Note the sizes that every module makes."""
    for path, each in module.named_modules():
        each.register_forward_hook(lambda _, __, made, path=path: seen.__setitem__(path, tuple(made.shape[1:])))


@pytest.mark.parametrize(("name", "variant"), SPECS)
def test_formulas_are_torchs_sizes(name: str, variant: str | None) -> None:
    network = archdsl.load(name, variant=variant)
    letters = LETTERS[-len(network.input[1:]) :]
    channels = network.input[0]
    with torch.device("meta"):
        module = network.module().eval()
    shapes = archdsl.load(name, variant=variant, input=f"{channels}x{'x'.join(letters)}").shapes()
    rows = shapes.rows
    formulas = {row.name: row for row in rows}
    assert any(isinstance(size, Expr) for row in rows for size in row.output)
    seen: dict[str, tuple[int, ...]] = {}
    watch(module, seen)
    for sizes in random_sizes(name, network, 20):
        seen.clear()
        if isinstance(shapes.params, Expr):
            # The first `fc` of some networks has as many weights as its map has places.
            with torch.device("meta"):
                module = archdsl.load(name, variant=variant, input=(channels, *sizes.values())).module().eval()
            watch(module, seen)
        module(torch.empty(1, channels, *sizes.values(), device="meta"))
        checked = 0
        assert numbers(shapes.output, sizes) == seen.pop("")
        for path, made in seen.items():
            row = formulas.get(path)
            # A flatten behind a pooling is part of the layer and of no module.
            if row is None or len(made) != len(row.output):
                continue
            assert numbers(row.output, sizes) == made, (path, sizes)
            checked += 1
        assert checked > 5


@pytest.mark.parametrize(("name", "variant"), SPECS)
def test_formulas_of_costs_are_the_numbers(name: str, variant: str | None) -> None:
    network = archdsl.load(name, variant=variant)
    letters = LETTERS[-len(network.input[1:]) :]
    formulas = archdsl.load(name, variant=variant, input=f"{network.input[0]}x{'x'.join(letters)}").shapes()
    for sizes in random_sizes(name, network, 3):
        settled = archdsl.load(name, variant=variant, input=(network.input[0], *sizes.values())).shapes()
        assert [numbers(row.output, sizes) for row in formulas.rows] == [row.output for row in settled.rows]
        assert numbers(formulas.macs, sizes) == settled.macs
        assert numbers(formulas.params, sizes) == settled.params


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
