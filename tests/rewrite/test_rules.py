"""What every rule declares, shows and keeps: found by its class, documented, and right at the edges of a text."""

from __future__ import annotations

import doctest
import inspect
import re
import sys

import pytest

import archdsl
from archdsl.formatting import format_source
from archdsl.opening.reading import text_source
from archdsl.rewrite import rewrites


@pytest.mark.parametrize("name", rewrites())
def test_is_documented(name: str) -> None:
    rule = rewrites()[name]
    assert rule.name == name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", name)
    assert inspect.getdoc(type(rule))
    assert type(rule).__module__ == f"archdsl.rewrite.rules.{name.replace('-', '_')}"


@pytest.mark.parametrize("name", rewrites())
def test_shows_before_and_after(name: str) -> None:
    module = sys.modules[type(rewrites()[name]).__module__]
    failed, tried = doctest.testmod(module)
    assert failed == 0
    assert tried >= 3


def test_seven_rewrites() -> None:
    assert {name: rule.exact for name, rule in rewrites().items()} == {
        "conv-to-fc": True,
        "fc-to-conv": True,
        "fc-to-gap": False,
        "fold-batchnorm": True,
        "gap-to-conv-head": True,
        "maxpool-to-strided-conv": False,
        "unfold": True,
    }


def rewritten(text: str, rule: str, at: str | None = None, **switches: bool) -> str:
    """The lines behind `arch` and `input` that a rule makes of those lines, formatted as all outcomes are."""
    made = archdsl.loads(f"arch net\n{text}").rewrite(rule, at, **switches)
    source = text_source(made.text, "new")
    assert format_source(source) == made.text
    archdsl.loads(made.text)
    return made.text.partition("\n")[2].partition("\n")[2]


CASES = [
    ("fc-to-conv", "input 4\nfc-2", "reshape(in_channels, 1, 1) conv1-2\n"),
    ("fc-to-conv", "input 1x2x2\nfc-2", "conv2-2\n"),
    ("fc-to-conv", "input 4x6x5\nflatten dropout fc-2", 'dropout conv6x5-2(padding="valid")\n'),
    ("fc-to-conv", "input 4x9\nfc-2(bias=false)", 'conv9-2(bias=false, padding="valid")\n'),
    ("fc-to-conv", "input 4x3x3\nhead: fc-2", 'head: conv3-2(padding="valid")\n'),
    ("fc-to-conv", "input 4x3x3\nfc-8 bn relu fc-2", 'conv3-8(padding="valid") bn relu conv1-2\n'),
    # A norm on what was flattened is for each element, and not for each channel: it stays on a vector.
    ("fc-to-conv", "input 4x3x3\nflatten bn fc-2", "flatten bn reshape(in_channels, 1, 1) conv1-2\n"),
    (
        "fc-to-conv",
        "input 4x8x8\nafter conv relu\nconv3-8 gap fc-5",
        "after conv relu\nconv3-8 adaptive-avgpool1 conv1-5(bare)\n",
    ),
    ("fc-to-conv", "input 4x2x2\nfc-8 x3", "conv2-8 conv1-8 x2\n"),
    ("fc-to-conv", "input 4x2x2\nhead: fc-8 x3", "head: [conv2-8 conv1-8 x2]\n"),
    ("fc-to-conv", "input 4x2x2\nlet n = {4}\nfc-8 x{n}", "let n = {4}\nconv2-8 conv1-8 x{n - 1}\n"),
    (
        "fc-to-conv",
        "input 4x2x2\ndefault fc(bias=false)\nfc-8",
        "default fc(bias=false)\nconv2-8(bias=false)\n",
    ),
    (
        "fc-to-conv",
        "input 4x2x2\ndefault conv(stride=2)\nfc-8",
        "default conv(stride=2)\nconv2-8(stride=1)\n",
    ),
    ("conv-to-fc", "input 4x3x3\nconv-head-2", "fc-2\n"),
    (
        "conv-to-fc",
        "input 4x8x8\nafter conv relu\nconv3-8 adaptive-avgpool1 conv1-5(bare)",
        "after conv relu\nconv3-8 gap fc-5\n",
    ),
    ("conv-to-fc", 'input 4x3x3\nconv3-8(padding="valid") flatten', "fc-8\n"),
    ("fold-batchnorm", "input 4x8x8\nconv3-8(bias=false) bn", "conv3-8(bias=true)\n"),
    ("fold-batchnorm", "input 4x8x8\nresidual<conv3-8/2 bn | project>", "residual<conv3-8/2 | project(bn=false)>\n"),
    ("fold-batchnorm", "input 4x8x8\nconv3-8 bn conv3-8 relu bn", "conv3-8 conv3-8 relu bn\n"),
    ("fold-batchnorm", "input 4x8x8\nafter conv bn\nconv3-8", "conv3-8\n"),
    (
        "fold-batchnorm",
        "input 4x8x8\na: conv3-8 n: bn concat<@n | conv3-8>",
        "a: conv3-8  n: identity  concat<@n | conv3-8>\n",
    ),
    (
        "gap-to-conv-head",
        "input 4x8x8\nmul<identity | gap fc-4> gap",
        "mul<identity | gap fc-4> conv-head-{in_channels}\n",
    ),
    ("maxpool-to-strided-conv", "input 4x8x8\nconv3-8/2 relu maxpool3/2(padding=1)", "conv3-8/4 relu\n"),
    ("maxpool-to-strided-conv", "input 4x8x8\nconv3-8(stride=2) maxpool", "conv3-8(stride=4)\n"),
    ("maxpool-to-strided-conv", "input 4x8x8\nlet s = {1}\nconv3-8/{s} maxpool", "let s = {1}\nconv3-8/{(s) * 2}\n"),
    ("maxpool-to-strided-conv", "input 4x8x8\n[conv3-8 relu] x3 maxpool", "[conv3-8 relu] x2 [conv3-8/2 relu]\n"),
    (
        "maxpool-to-strided-conv",
        "input 4x8x8\nconv3-8 p: maxpool conv3-8 concat<@p | identity>",
        "conv3-8/2  p: identity  conv3-8 concat<@p | identity>\n",
    ),
    (
        "maxpool-to-strided-conv",
        "input 4x8x8\nconv3-8 maxpool1/2 maxpool3/1(padding=1)",
        "conv3-8/2 maxpool3/1(padding=1)\n",
    ),
    ("fc-to-gap", "input 4x8x8\nconv3-8 relu fc-16 relu fc-3", "conv3-8 relu conv1-3 gap\n"),
    ("fc-to-gap", "input 4x8x8\nconv3-8 relu flatten dropout fc-3", "conv3-8 relu conv1-3 gap\n"),
]


@pytest.mark.parametrize(("rule", "before", "after"), CASES)
def test_text(rule: str, before: str, after: str) -> None:
    assert rewritten(before, rule) == after


def test_switches() -> None:
    assert rewritten("input 4x2x2\nfc-8", "fc-to-conv", flatten=True) == "conv2-8\nflatten\n"
    before = "input 4x8x8\nafter conv [bn relu]\nconv3-8 maxpool3/2"
    after = 'after conv [bn relu]\nconv3-8 conv3-{in_channels}/2(bare, padding="valid") bn relu\n'
    assert rewritten(before, "maxpool-to-strided-conv", added=True) == after
    # What a window that is only partly filled counts as, a convolution needs padding for.
    before = "input 4x9x9\nconv3-8 relu maxpool/2(ceil=true)"
    assert (
        rewritten(before, "maxpool-to-strided-conv", added=True)
        == "conv3-8 relu conv2-{in_channels}/2(padding=1) relu\n"
    )
    with pytest.raises(TypeError, match="no switch"):
        archdsl.load("lenet5").rewrite("fc-to-conv", added=True)


def test_one_place_alone() -> None:
    before = "input 4x8x8\na: [conv3-8 maxpool] b: [conv3-8 maxpool]"
    assert rewritten(before, "maxpool-to-strided-conv", "b") == "a: [conv3-8 maxpool]  b: [conv3-8/2]\n"
    text = "arch net\ninput 4x8x8\nblock unit = [conv3-8 bn]\na: unit b: unit\n"
    with pytest.raises(archdsl.ArchError, match="serves other places") as raised:
        archdsl.loads(text).rewrite("fold-batchnorm", "a")
    assert "archdsl rewrite unfold" in str(raised.value)
    unfolded = archdsl.loads(text).rewrite("unfold").text
    assert (
        archdsl.loads(unfolded)
        .rewrite("fold-batchnorm", "a")
        .text.endswith("a: [conv3-8]  b: [conv3-8 bn]\n".replace("  b", "\nb"))
    )


REFUSED = [
    ("fc-to-conv", "input 4x8x8\nconv3-8", "nothing-to-rewrite", "there is no `fc`"),
    ("fc-to-conv", "input 8x8x4\npermute(0, 2, 3, 1) fc-8", "cannot-rewrite", "channels first"),
    ("fc-to-conv", "input 4x8x8\nblock b<l> = [l]\nb<fc-8>", "cannot-rewrite", "isn't written in the spec itself"),
    (
        "fc-to-conv",
        "input 4x2x2\nlinear-8 flatten a: fc-8 concat<@a | fc-8> linear-4",
        "cannot-rewrite",
        "16x1x1 would arrive at `linear2`, whose weights are for 16",
    ),
    ("conv-to-fc", "input 4x8x8\nconv3-8", "nothing-to-rewrite", "sees its whole input"),
    ("fold-batchnorm", "input 4x8x8\nbn conv3-8 relu bn", "nothing-to-rewrite", "directly follows"),
    ("fold-batchnorm", "input 4x8x8\nconv3-8 bn(track_running_stats=false)", "nothing-to-rewrite", "directly follows"),
    ("fold-batchnorm", "input 4x8x8\na: conv3-8 bn concat<@a | identity>", "nothing-to-rewrite", "directly follows"),
    ("maxpool-to-strided-conv", "input 4x8x8\nmaxpool", "nothing-to-rewrite", "--added"),
    ("maxpool-to-strided-conv", "input 4x8x8\nconcat<conv3-8 | identity> maxpool", "nothing-to-rewrite", "--added"),
    ("gap-to-conv-head", "input 4x8x8\nconv3-8", "nothing-to-rewrite", "there is no `gap`"),
    ("fc-to-gap", "input 4x8x8\nconv3-8 gap fc-8", "nothing-to-rewrite", "mean may be taken already"),
]


@pytest.mark.parametrize(("rule", "text", "code", "says"), REFUSED)
def test_says_why_not(rule: str, text: str, code: str, says: str) -> None:
    with pytest.raises(archdsl.ArchError) as raised:
        archdsl.loads(f"arch net\n{text}").rewrite(rule)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == code
    assert says in str(raised.value)


def test_unfold_writes_everything_out() -> None:
    text = (
        "input 4x8x8\nlet c = {8}\nafter conv [bn relu]\nlayer: [conv3-{c} x2] x2\nfor k in {[1, 3]} [conv{k}-4(bare)]"
    )
    turn = "[conv3-8 bn relu conv3-8 bn relu]"
    assert rewritten(text, "unfold") == f"layer: [{turn} {turn}]\nconv1: conv1-4\nconv2: conv3-4\n"


def test_an_init_that_names_a_layer_goes_with_it() -> None:
    text = "input 4x8x8\ninit @body.2 normal(std=0.1)\nbody: [conv3-8 bn conv3-8 bn]"
    after = "init @body.1 normal(std=0.1)\nbody: [conv3-8 conv3-8]\n"
    assert rewritten(text, "fold-batchnorm") == after
    text = "input 4x2x2\ninit fc normal(std=0.1)\ninit conv kaiming\nfc-8"
    assert rewritten(text, "fc-to-conv").startswith("init @conv normal(std=0.1)\ninit conv kaiming\n")


def test_an_unknown_rule_is_told_apart() -> None:
    with pytest.raises(archdsl.ArchError, match="a rule with a similar name exists: `fold-batchnorm`"):
        archdsl.load("lenet5").rewrite("fold-batch-norm")


def test_a_text_that_would_be_too_long_is_not_made() -> None:
    calls = " ".join(f"b({number})" for number in range(4, 40))
    text = f"arch net\ninput 4x8x8\nblock b(c) = [conv1-{{c}} conv3-{{in_channels}} relu]\n{calls}\ngap fc-2\n"
    network = archdsl.loads(text, limits=archdsl.Limits(bytes=len(text) + 50))
    with pytest.raises(archdsl.ArchError) as raised:
        network.rewrite("unfold")
    assert [each.code for each in raised.value.diagnostics] == ["rewrite-too-long"]
