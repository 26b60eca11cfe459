"""Warnings: what is allowed and rarely meant, and what is meant and stays silent."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.checking import check_program
from archdsl.lints import lints
from archdsl.opening.imports import read_program
from archdsl.opening.library import contents
from archdsl.opening.reading import text_source
from archdsl.shape import Window


def warned(text: str, folder: Path | None = None) -> list[tuple[str, int]]:
    """The codes that a spec is warned of, with their lines."""
    report = check_program(read_program(text_source(text, "net.arch"), folder))
    assert report.errors == ()
    return [(each.code, each.at.line) for each in report.diagnostics if each.at]


def net(body: str, input: str = "3x8x8", parameters: str = "") -> str:
    return f"arch net{parameters}\ninput {input}\n{body}\n"


def test_every_lint_is_found_by_its_class() -> None:
    assert {kind.code for kind in lints()} == {
        "bias-across-border",
        "bias-ahead-of-norm",
        "channels-last",
        "even-kernel",
        "final-softmax",
        "linear-on-map",
        "size-lost",
        "unreached-layer",
        "unused-block",
        "unused-import",
        "unused-let",
        "unused-parameter",
    }
    assert {kind.severity for kind in lints()} == {"warning"}


@pytest.mark.parametrize("path", [each.path for each in contents()], ids=lambda path: path.name)
def test_no_spec_that_comes_along_is_warned_of(path: Path) -> None:
    assert warned(path.read_text(encoding="utf-8"), path.parent) == []


@pytest.mark.parametrize(
    ("spec", "code"),
    [
        (net("conv2-4"), "even-kernel"),
        (net("conv4-4(dilation=3)"), "even-kernel"),
        (net("conv3x4-4"), "even-kernel"),
        (net("dwconv2"), "even-kernel"),
        (net("maxpool3", "3x8x8"), "size-lost"),
        (net("conv3-4/3(padding=0)", "3x8x8"), ""),
        (net("avgpool2", "3x15x16"), "size-lost"),
        (net("maxpool", "3x9"), "size-lost"),
        (net("maxpool", "3x8x7x8"), "size-lost"),
        (net("fc-4 softmax"), "final-softmax"),
        (net("conv1-2 softmax"), "final-softmax"),
        (net("block head = [fc-4 softmax]\nhead"), "final-softmax"),
        (net("conv3-4(bias=true) bn"), "bias-ahead-of-norm"),
        (net("[conv3-4(bias=true)] x2 bn"), "bias-ahead-of-norm"),
        (net("fc-4(bias=true) bn"), "bias-ahead-of-norm"),
        (net("block a(c, d) = [conv3-{c}]\na(3, 4)"), "unused-parameter"),
        (net("block a<layer> = [relu]\na<conv3-4>"), "unused-parameter"),
        (net("[let c = {3} relu]"), "unused-let"),
        (net("let a, b = {(1, 2)}\nrelu"), "unused-let"),
        (net("block a = [relu]\nbn"), "unused-block"),
        (net("gap", "224x224x3"), "channels-last"),
        (net("gap", "28x28"), "channels-last"),
        (net("gap", "1x3x224x224"), "channels-last"),
        (net("gap", "1x224x224x3"), "channels-last"),
        (net("conv3-4 linear-8"), "linear-on-map"),
        (net("linear-8", "2x4x8x8"), "linear-on-map"),
        (net("stem: [relu conv3-4]\nbn"), "bias-across-border"),
        (net("block last = [relu conv3-4]\nlast bn"), "bias-across-border"),
        (net("conv3-4 [bn relu] x1 stem: [conv3-4]\nbn"), "bias-across-border"),
        (net("stem: conv3-4\nrest: [bn relu]"), "bias-across-border"),
        (net("a: [bn relu conv3-3] x2"), "bias-across-border"),
        (net("a: conv3-4\nb: conv3-4\nrelu\nadd<@a | @b>"), "unreached-layer"),
        (net("a: conv3-4\nrelu bn\nconcat<@a relu | @a>"), "unreached-layer"),
        (net("concat<a: relu bn concat<@a | @a> | identity>"), "unreached-layer"),
    ],
)
def test_what_is_rarely_meant(spec: str, code: str) -> None:
    assert [found for found, _ in warned(spec)] == ([code] if code else [])


@pytest.mark.parametrize(
    "spec",
    [
        net("conv4-4/2 conv2-4/2"),
        net('conv2-4(padding="half") conv2-4(padding="same") conv2-4(padding="valid")'),
        net("conv2-4(dilation=2)"),
        net("default conv(padding=0)\nconv2-4"),
        net("deconv2-4/2 deconv4-4"),
        # A row of padding is no loss, and neither is what a projection passes over.
        net("conv7-64/2 maxpool3/2(padding=1)", "3x224x224"),
        net("conv1-4/2", "3x56x56"),
        net("maxpool", "3x21x21"),
        net("maxpool(ceil=false) maxpool(padding=0)", "3x7x7"),
        net("if {softmax} [softmax]", "8", "(softmax = true)"),
        net("fc-4 softmax fc-4"),
        net("mul<identity | gap fc-3 softmax> relu"),
        net("default conv(bias=true)\nconv3-4 bn"),
        net("conv3-4(bias=keep) relu", parameters="(keep = true)"),
        net("conv3-4(bias=true) relu"),
        net("block a(_c) = [relu]\na(3)"),
        net("let a, b = {(1, 2)}\nconv3-{a}"),
        # A block that is a value has the parameters of its like.
        net("block a(c, s) = [conv3-{c}]\nb(4, 2)", parameters="(b = a)"),
        net("c{n}: conv3-4", parameters="(n = 2)"),
        "let n = {3}\nblock a = [conv3-{n}]\n",
        "block a = [relu]\n",
        net("gap", "{28}x28"),
        net("gap", "1x28x28"),
        net("conv3-4", "4x100"),
        net("gap", "3x16x4"),
        net("gap", "12x12"),
        net("permute(0, 2, 3, 1) linear-8"),
        net("flatten linear-8"),
        net("linear-8", "7x96"),
        net("stem: [relu conv3-4(bias=true)]\nbn"),
        net("default conv(bias=true)\nstem: [relu conv3-4]\nbn"),
        net("stem: [relu conv3-4]\nrelu bn"),
        net("[conv3-4 bn] x2"),
        net("a: conv3-4\nb: conv3-4\nadd<@a | @b>"),
        net("a: conv3-4\nb: [conv3-4 relu]\nc: relu\nadd<@a | @b>\nadd<@c | identity>"),
        net("a: conv3-4\nrelu\nadd<@a | identity>"),
        net("a: conv3-4\nb: relu\naux side from @b [gap fc-2]\nadd<@a | @a relu>"),
    ],
)
def test_what_is_meant(spec: str) -> None:
    assert warned(spec) == []


def test_a_head_that_loses_in_several_places_is_said_once() -> None:
    assert warned(net("block a = [conv3-4 maxpool]\na x3", "3x15x15")) == [("size-lost", 3)]


def test_nothing_is_said_beside_a_mistake() -> None:
    spec = net("let c = {3}\nmaxpol")
    report = check_program(read_program(text_source(spec, "net.arch")))
    assert [each.code for each in report.diagnostics] == ["unknown-layer"]


@pytest.mark.parametrize(
    ("window", "size", "unseen"),
    [
        (Window(2, 2), 7, 1),
        (Window(2, 2), 8, 0),
        (Window(2, 2, ceil=True), 7, 0),
        (Window(3, 2, (1, 1)), 8, 0),
        (Window(7, 2, (3, 3)), 224, 0),
        (Window(7, 2), 224, 1),
        (Window(1, 2), 8, 0),
        (Window(2, 3), 7, 1),
        (Window(2, 3), 9, 0),
        (Window(3, 3, dilation=2), 7, 2),
    ],
)
def test_places_that_no_window_reaches(window: Window, size: int, unseen: int) -> None:
    assert window.unseen(size) == unseen
    if window.stride <= window.reach and not window.ceil:
        # Seen the long way: every place that every window covers.
        starts = range(-window.padding[0], size + window.padding[1] - window.reach + 1, window.stride)
        covered = {start + step for start in starts for step in range(window.reach)}
        assert len(set(range(size)) - covered) == unseen
