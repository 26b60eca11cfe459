"""Whole diagnostics as text: the three examples of the design, many at once, and in colour."""

from __future__ import annotations

import re

import pytest

from archdsl.diagnostics import ArchError, Label, Source
from archdsl.diagnostics.text import render, render_all

from .samples import find, kind, sample


def test_labels_on_different_lines() -> None:
    source = Source("specs/tiny.arch", "arch tiny\ninput 1x28x28\n[conv3-32 relu maxpool] x5\n")
    found = kind("shape-too-small")(
        find(source, "maxpool"),
        "`maxpool` needs an input of at least 2x2, got 1x1",
        "32x1x1 arrives here in repeat 5 of 5",
        labels=[Label(find(source, "1x28x28"), "starts as 1x28x28")],
        notes=["o = ⌊(i + 2p − k)/s⌋ + 1 = ⌊(1 + 0 − 2)/2⌋ + 1 = 0; sizes before each repeat: 28, 14, 7, 3, 1"],
        helps=["repeat at most 4 times, or start from at least 32x32"],
    )
    expected = """\
error[shape-too-small]: `maxpool` needs an input of at least 2x2, got 1x1
  --> specs/tiny.arch:3:16
   |
 2 | input 1x28x28
   |       ------- starts as 1x28x28
 3 | [conv3-32 relu maxpool] x5
   |                ^^^^^^^ 32x1x1 arrives here in repeat 5 of 5
   |
   = note: o = ⌊(i + 2p − k)/s⌋ + 1 = ⌊(1 + 0 − 2)/2⌋ + 1 = 0; sizes before each repeat: 28, 14, 7, 3, 1
   = help: repeat at most 4 times, or start from at least 32x32"""
    assert render(found) == expected


def test_branches_that_do_not_fit() -> None:
    source = Source("net.arch", "arch net\ninput 3x32x32\nconv3-128/2\nresidual<conv3-256 bn relu conv3-256 bn>\n")
    found = kind("branch-mismatch")(
        find(source, "conv3-256", 2),
        "branches of `residual` make different shapes",
        "the main path ends as 256x16x16",
        labels=[Label(find(source, "conv3-128/2"), "the shortcut carries 128x16x16 from here")],
        notes=["addition needs equal channels, height and width"],
        helps=["project the shortcut: `residual<… | project>`"],
    )
    expected = """\
error[branch-mismatch]: branches of `residual` make different shapes
  --> net.arch:4:28
   |
 3 | conv3-128/2
   | ----------- the shortcut carries 128x16x16 from here
 4 | residual<conv3-256 bn relu conv3-256 bn>
   |                            ^^^^^^^^^ the main path ends as 256x16x16
   |
   = note: addition needs equal channels, height and width
   = help: project the shortcut: `residual<… | project>`"""
    assert render(found) == expected


def test_unknown_name() -> None:
    source = Source("vgg.arch", "arch vgg\n" + "\n" * 7 + "maxpol\n")
    found = kind("unknown-layer")(
        find(source, "maxpol"),
        "unknown layer or block `maxpol`",
        "not defined here or in any import",
        helps=["a layer with a similar name exists: `maxpool`"],
    )
    expected = """\
error[unknown-layer]: unknown layer or block `maxpol`
  --> vgg.arch:9:1
   |
 9 | maxpol
   | ^^^^^^ not defined here or in any import
   |
   = help: a layer with a similar name exists: `maxpool`"""
    assert render(found) == expected


def test_without_a_place() -> None:
    elsewhere = Label(Source("a.arch", "relu").span(0, 4), "never shown")
    found = kind("too-big", "warning")(None, "the net is big", "unused", labels=[elsewhere], notes=["n"], helps=["h"])
    assert render(found) == "warning[too-big]: the net is big\n   = note: n\n   = help: h"
    assert render(sample(None, "m")) == "error[sample]: m"


def test_all_are_sorted_by_place() -> None:
    first, second = Source("a", "x\ny\n"), Source("b", "z\n")
    spans = [second.span(0, 1), first.span(2, 3), None, first.span(0, 1)]
    rendered = render_all(sample(span, f"at {span}") for span in spans)
    assert re.findall("at (.*)", rendered) == ["None", "a:1:1", "a:2:1", "b:1:1"]
    assert "\n\nerror[sample]: at a:2:1\n" in rendered
    assert str(ArchError(*(sample(span, f"at {span}") for span in spans))) == rendered


@pytest.mark.parametrize(
    ("errors", "warnings", "last"),
    [
        (20, 0, None),
        (21, 0, "… and 1 more error"),
        (25, 0, "… and 5 more errors"),
        (20, 2, "… and 2 more warnings"),
        (22, 1, "… and 2 more errors and 1 more warning"),
    ],
)
def test_after_twenty_comes_a_count(errors: int, warnings: int, last: str | None) -> None:
    source = Source("a", "x" * 100)
    kinds = [kind("bad")] * errors + [kind("odd", "warning")] * warnings
    found = [each(source.span(at, at + 1), f"number {at}") for at, each in enumerate(kinds)]
    parts = render_all(reversed(found)).split("\n\n")
    assert parts[:20] == [render(each) for each in found[:20]]
    assert parts[20:] == ([] if last is None else [last])


def test_none_at_all() -> None:
    assert render_all([]) == ""


def test_colour_changes_nothing_but_colour() -> None:
    source = Source("a.arch", "conv relu\n\n\n积 bn\n")
    labels = [Label(find(source, "conv"), "c"), Label(find(source, "bn"), "b")]
    found = sample(find(source, "relu"), "m", "here", labels=labels, notes=["n"], helps=["h"])
    colored = render(found, color=True)
    assert "\x1b" not in render(found)
    assert re.sub(r"\x1b\[[0-9;]*m", "", colored) == render(found)
    assert "\x1b[1;31merror[sample]\x1b[0m" in colored
    assert "\x1b[1;31m^^^^\x1b[0m\x1b[1;31m here\x1b[0m" in colored
    assert "\x1b[1;34m----\x1b[0m" in colored


def test_a_stem_shared_with_the_primary_place_has_its_colour() -> None:
    source = Source("a", "conv relu\n")
    conv, relu = source.span(0, 4), source.span(5, 9)
    colored = render(sample(conv, "m", "here", labels=[Label(conv, "c"), Label(relu, "r")]), color=True)
    assert "\x1b[1;31m|\x1b[0m" in colored
    assert "\x1b[1;34m|\x1b[0m" not in colored


def test_a_warning_has_its_own_colour() -> None:
    found = kind("odd", "warning")(Source("a", "relu").span(0, 4), "m")
    colored = render_all([found], color=True)
    assert "\x1b[1;33mwarning[odd]\x1b[0m" in colored
    assert "\x1b[1;33m^^^^\x1b[0m" in colored
    assert "\x1b[1;31m" not in colored
