"""Networks as specs: what is printed builds the network again, and reads as a person would have written it."""

from __future__ import annotations

from contextlib import suppress

import pytest

import archdsl
from archdsl.backends.spec import network as printing
from archdsl.backends.spec.blocks import CannotKeep
from archdsl.backends.spec.formulas import formula_of
from archdsl.backends.spec.kept import Kept
from archdsl.diagnostics import Source
from archdsl.formatting import format_source
from tests.generated.writing import SpecWriter
from tests.specs.specs_under_test import variants


def again(network: archdsl.Network) -> archdsl.Network:
    return archdsl.loads(network.spec())


@pytest.mark.parametrize(("file", "variant"), variants())
def test_every_network_keeps_its_blocks_and_repeats(file: str, variant: str | None) -> None:
    network = archdsl.load(file, variant=variant)
    text = network.spec()
    assert text == printing.formatted(network.architecture, Kept(network.architecture).lines())
    assert format_source(Source("net.arch", text)) == text
    assert len(text.splitlines()) <= 75
    made = archdsl.loads(text)
    assert made.shapes().params == network.shapes().params
    assert made.shapes().macs == network.shapes().macs
    assert [(row.name, row.output) for row in made.shapes().rows] == [
        (row.name, row.output) for row in network.shapes().rows
    ]
    # What it prints is what it prints of what it printed.
    assert made.spec() == text


def test_resnet_is_the_table_of_its_paper() -> None:
    assert (
        archdsl.load("resnet50").spec().partition("\n\n")[2]
        == """\
block bottleneck(c, s = 1) = [
  residual<
    conv1: conv1-{c}  bn1: bn  relu: relu  conv2: conv3-{c}/{s}  bn2: bn  relu  conv3: conv1-{4 * c}
    bn3: bn
  | downsample: project>
  relu
]
conv1: conv7-64/2
bn1: bn
relu: relu
maxpool: maxpool3/2(padding=1)
layer1: [bottleneck(64) x3]
layer2: [bottleneck(128, s=2) bottleneck(128) x3]
layer3: [bottleneck(256, s=2) bottleneck(256) x5]
layer4: [bottleneck(512, s=2) bottleneck(512) x2]
avgpool: gap
fc: fc-1000
"""
    )


BODIES = {
    "a formula of the turn": (
        "conv3-8 [conv3-{8 * (i + 1)} relu] x3 as i",
        "conv3-8\n[conv3-{8 * (i + 1)} relu] x3 as i\n",
    ),
    "a list of the turns": ("[conv3-{[4, 9, 5][i]}] x3 as i", "conv3-{[4, 9, 5][i]} x3 as i\n"),
    "what arrives": (
        "block b = [conv1-{2 * in_channels} relu] b b",
        "block b = [conv1-{2 * in_channels} relu]\nb\nb\n",
    ),
    "what arrives at a block, further inside": (
        "block b = [let c = {in_channels} conv1-7 relu conv1-{c}] b conv1-5 b",
        "block b = [let channels_in = {in_channels}  conv1-7 relu conv1-{channels_in}]\nb\nconv1-5\nb\n",
    ),
    "more of a parameter": (
        "block b(c) = [conv1-{3 * (c + 2)} relu] b(4) b(5) b(9)",
        "block b(c) = [conv1-{3 * (c + 2)} relu]\nb(4)\nb(5)\nb(9)\n",
    ),
    "calls of two kinds": (
        "block b(c, wide) = [conv1-{c} if {wide} [relu conv3-{c}]] b(4, true) b(5, false) b(6, false)",
        "block b(c, form = 1) = [if {form == 0} [conv1-{c} relu conv3-{c}] else [conv1-{c}]]\n"
        "b(4, form=0)\nb(5)\nb(6)\n",
    ),
    "layers that are handed over": (
        "block b<l> = [l relu] b<conv3-4> b<conv1-4/2(groups=2)> b<conv3-6>",
        "block b(c, k = 3, s = 1, groups = 1) = [conv{k}-{c}/{s}(groups=groups) relu]\n"
        "b(4)\nb(4, k=1, s=2, groups=2)\nb(6)\n",
    ),
    "a kernel of two axes": (
        "block b<l> = [l relu] b<conv3-4> b<conv1x7-4> b<conv7x1-4>",
        "block b(k) = [conv{k}-4 relu]\nb(3)\nb((1, 7))\nb((7, 1))\n",
    ),
    "a label that says its turn": ("a: [l{i + 1}: conv3-4 x3 as i]", "a: [l{i + 1}: conv3-4 x3 as i]\n"),
    "a label that doesn't": ("[a: [conv3-4 relu]] x1", "[a: [conv3-4 relu]] x1\n"),
}


def body(text: str) -> str:
    return text.partition("\n")[2].partition("\n")[2].lstrip("\n")


@pytest.mark.parametrize(("before", "after"), BODIES.values(), ids=BODIES)
def test_what_differs_is_a_formula(before: str, after: str) -> None:
    text = archdsl.loads(f"arch net input 4x16x16\n{before}\n").spec()
    assert body(text).split() == after.split()


OUT = {
    "layers that refer to a label outside": "block b<l> = [l relu] a: conv3-4 conv3-4 b<add<@a | identity>>",
    "a block that is handed to itself": "block f<l> = [conv1-3 l] f<f<relu>>",
    "turns that differ": "[if {i == 1} [relu] conv3-4] x3 as i",
    "a label inside that hides the one that is meant": "block u<p> = [a: conv3-4 p] a: conv3-4 u<add<@a | identity>>",
    "labels that are numbers": 'block b(n) = [[relu] x{n} "0": [conv3-4] tanh] a: conv3-4 [if {i} [b(i + 1)]] x2 as i',
    "a projection that its defaults changed": "block b = [default conv(bias=true) residual<conv3-8/2 | project>] b",
}


@pytest.mark.parametrize("text", OUT.values(), ids=OUT)
def test_what_cant_be_kept_is_written_out(text: str) -> None:
    network = archdsl.loads(f"arch net input 4x16x16\n{text}\n")
    assert set(again(network).module().state_dict()) == set(network.module().state_dict())
    assert "block" not in network.spec()


def test_generated_networks() -> None:
    kept = 0
    networks = 0
    for seed in range(60):
        try:
            network = archdsl.loads(SpecWriter(9_000_000 + seed).spec())
        except archdsl.ArchError:
            continue
        text = network.spec()
        networks += 1
        with suppress(CannotKeep, archdsl.ArchError):
            kept += text == printing.formatted(network.architecture, Kept(network.architecture).lines())
    assert networks > 45
    assert kept > 0.6 * networks


def test_another_network_is_never_given(monkeypatch: pytest.MonkeyPatch) -> None:
    network = archdsl.loads("arch net input 4x8x8\nblock b(c) = [conv3-{c} relu] b(4) b(8)\n")
    wanted = network.spec()
    lines = Kept.lines
    monkeypatch.setattr(Kept, "lines", lambda self: (line.replace("{c}", "{c + 1}") for line in lines(self)))
    assert "block" in wanted
    assert "block" not in network.spec()
    monkeypatch.setattr(printing.WrittenOut, "lines", lambda self: iter(["conv3-4 relu"]))
    with pytest.raises(printing.WrongText):
        network.spec()


@pytest.mark.parametrize(
    ("values", "formula"),
    [
        ((3, 3, 3), "3"),
        ((4, 8, 16), "c"),
        ((16, 32, 64), "4 * c"),
        ((2, 4, 8), "c // 2"),
        ((5, 9, 17), "c + 1"),
        ((8, 24, 80), "c * k"),
        ((6, 11, 21), "c + k"),
        ((9, 17, 33), "2 * c + 1"),
        ((1, 7, 2), None),
        ((0.5, 0.5, 0.5), "0.5"),
        ((True, True, True), "true"),
        ((True, 1, 1), None),
        (("half", "half", "valid"), None),
    ],
)
def test_formulas(values: tuple[object, ...], formula: str | None) -> None:
    assert formula_of(values, {"c": (4, 8, 16), "k": (2, 3, 5)}) == formula
