"""The smallest input, against torchvision's figures and on nets where a larger input may not fit."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.analysis import smallest_input as module
from archdsl.analysis.trace import Tracer

FIRE = "block fire(c, e) = [conv1-{c} relu concat<conv1-{e} relu | conv3-{e} relu>]\n"
DENSE = "block dense = [concat<identity | bn relu conv1-128 bn relu conv3-32>]\n"

# The layers that decide, as torchvision has them.
NETS = {
    "alexnet": (
        63,
        "conv11-64/4(padding=2) relu maxpool3/2 conv5-192 relu maxpool3/2 conv3-384 conv3-256 maxpool3/2 fc-10",
    ),
    "googlenet": (
        15,
        "conv7-64/2 maxpool3/2(ceil=true) conv3-192 maxpool3/2(ceil=true) conv3-9 maxpool3/2(ceil=true) "
        "maxpool2(ceil=true)",
    ),
    "inception_v3": (
        75,
        'conv3-32/2(padding="valid") conv3-32(padding="valid") conv3-64 maxpool3/2 conv1-80 conv3-192(padding="valid") '
        'maxpool3/2 concat<conv3-384/2(padding="valid") | maxpool3/2> '
        'concat<conv3-320/2(padding="valid") | maxpool3/2> gap',
    ),
    "squeezenet1_0": (
        21,
        'conv7-96/2(padding="valid") maxpool3/2(ceil=true) fire(16, 64) maxpool3/2(ceil=true) fire(32, 128) '
        "maxpool3/2(ceil=true) fire(64, 256)",
    ),
    "squeezenet1_1": (
        17,
        'conv3-64/2(padding="valid") maxpool3/2(ceil=true) fire(16, 64) maxpool3/2(ceil=true) fire(32, 128) '
        "maxpool3/2(ceil=true) fire(48, 192)",
    ),
    "densenet": (
        29,
        "conv7-64/2 bn relu maxpool3/2(padding=1) dense x6 conv1-{in_channels // 2} avgpool2 dense x12 avgpool2 "
        "dense x4 avgpool2",
    ),
}


def smallest(body: str, input: str = "3x224x224") -> int | None:
    return archdsl.loads(f"arch net\ninput {input}\n{FIRE}{DENSE}{body}\n").shapes().smallest_input


@pytest.mark.parametrize("name", NETS)
def test_stems_of_torchvision(name: str) -> None:
    expected, body = NETS[name]
    assert smallest(body) == expected


@pytest.mark.parametrize(("name", "expected"), [("vgg11", 32), ("vgg19_bn", 32), ("resnet18", 1), ("resnet152", 1)])
def test_whole_networks(name: str, expected: int) -> None:
    assert archdsl.load(name).shapes().smallest_input == expected


def test_auxiliary_outputs_count_in_training_only() -> None:
    text = "arch net\ninput 3x64x64\nstem: conv3-4 maxpool\naux side from @stem [avgpool8 fc-2]\nrelu gap fc-2\n"
    shapes = archdsl.loads(text).shapes()
    assert (shapes.smallest_input, shapes.smallest_training_input) == (2, 8)
    assert shapes.to_text().endswith("smallest input  3x2x2 (3x8x8 in training)")
    # Its classifier is made for maps of 5x5 only, as the weights of torchvision's are.
    inception = archdsl.load("inception_v3").shapes()
    assert (inception.smallest_input, inception.smallest_training_input) == (75, 299)
    with pytest.raises(archdsl.ArchError, match="in evaluation smaller inputs fit"):
        archdsl.load("inception_v3", input="3x96x96")


def test_a_vector_has_none() -> None:
    assert smallest("fc-10", "8") is None


def test_where_only_multiples_fit() -> None:
    # Not every size above the smallest fits, so that the one that does is not found by halving alone.
    levels = "e1: conv3-4 maxpool e2: conv3-4 maxpool e3: conv3-4 maxpool conv3-4 "
    ups = " ".join(f"deconv2-4/2 concat<@e{level} | identity>" for level in (3, 2, 1))
    assert smallest(levels + ups, "3x64x64") == 8


def test_other_sides_and_axes() -> None:
    assert smallest("maxpool x3", "1x8x64") == 8
    assert smallest("maxpool x2 conv3-4", "1x100") == 4
    assert smallest('conv3-4(padding="valid")', "1x4x9x9") == 3
    assert smallest('conv1x7-4(padding="valid")', "3x9x9") == 7


def test_where_no_square_fits() -> None:
    assert smallest("reshape(8, 2)", "1x4x4") == 4
    assert smallest("reshape(8, 3)", "1x4x6") is None


def test_a_size_far_away_is_found_without_trying_those_below() -> None:
    assert smallest("reshape(1000000000000)", "1x1x1000000000000") == 1_000_000
    # The declared side is always among those that are tried.
    assert smallest("reshape(4000000)", "1x2000x2000") == 2000


def test_one_that_is_a_padding_away() -> None:
    assert smallest('conv5-4(padding_mode="reflect")', "3x16x16") == 3


def test_it_takes_a_handful_of_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = []

    class Counting(Tracer):
        def __call__(self, node, x, *rest):  # type: ignore[no-untyped-def]
            if node is body:
                inputs.append(x)
            return super().__call__(node, x, *rest)

    network = archdsl.load("vgg16")
    body = network.architecture.body
    monkeypatch.setattr(module, "Tracer", Counting)
    assert network.shapes().smallest_input == 32
    assert len(inputs) <= 10
