"""Mistakes that the text shows by itself, beside the one at which building stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.checking import check_program
from archdsl.elaborate.in_text import mistakes_in_text
from archdsl.opening.imports import read_program
from archdsl.opening.library import contents
from archdsl.opening.reading import read_source, text_source

HEAD = "arch net(width = 8)\ninput 3x8x8\n"


def wrong(text: str) -> list[tuple[str, int]]:
    report = check_program(read_program(text_source(text, "net.arch")))
    return [(each.code, each.at.line) for each in report.errors if each.at]


def test_independent_mistakes_are_told_in_one_run_by_place() -> None:
    assert wrong(
        HEAD + "maxpol\nconv3-{widht} dropout(1.5) bn3\nblock a(c) = [conv3-{c}(strid=2) conv3]\n"
        "a(8) residul<conv3-3>\nlet d = {min(3, foo) + wat(2)}\ngn-{d}(epz=d)\n"
    ) == [
        ("unknown-layer", 3),
        ("unknown-name", 4),
        ("bad-argument", 4),
        ("unexpected-number", 4),
        ("unknown-argument", 5),
        ("missing-number", 5),
        ("unknown-merge", 6),
        ("unknown-name", 7),
        ("unknown-name", 7),
        ("unknown-argument", 8),
    ]


def test_what_is_built_on_something_broken_stays_silent() -> None:
    # The second convolution's groups depend on what arrives, which is unknown.
    assert wrong(HEAD + "maxpol\nconv3-8(groups=5)\nresidual<conv3-16>\n@stem\n") == [("unknown-layer", 3)]


def test_one_cause_is_told_once() -> None:
    assert wrong(HEAD + "block a = [maxpol]\na a\n[a relu] x3\n") == [("unknown-layer", 3)]
    assert wrong(HEAD + "conv3-{width}(strid=2)\n") == [("unknown-argument", 3)]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("block a = [maxpol]\n", "unknown-layer"),
        ("block a(c) = [conv3-{k}]\n", "unknown-name"),
        (HEAD + "if {width > 8} [maxpol] else [relu]\n", "unknown-layer"),
        (HEAD + "after conv [maxpol]\nrelu\n", "unknown-layer"),
    ],
)
def test_what_nothing_builds_is_looked_at(text: str, code: str) -> None:
    assert [found for found, _ in wrong(text)] == [code]


@pytest.mark.parametrize("path", [each.path for each in contents()], ids=lambda path: path.name)
def test_nothing_is_said_of_specs_that_come_along(path: Path) -> None:
    assert list(mistakes_in_text(read_program(read_source(path), path.parent))) == []


@pytest.mark.parametrize(
    "text",
    [
        "block a<layer>(act, c = 4) = [layer conv3-{c} act]\n"
        "block b = [a<conv3-8>(relu) a<relu relu>(leakyrelu(0.1))]\n",
        HEAD + "for c, s in {[(4, 1), (8, 2)]} as i [c{i}: conv3-{c}/{s}]\n",
        HEAD + "let cs = {[2 * c for c in range(1, 4)]}\nconv3-{cs[0]} conv{width // 2 - 1}-{in_channels} x{2} as k\n",
        HEAD + "default gn(groups=4)\nconv3-8 gn\n",
        HEAD + "default conv(channels=4)\nconv3\n",
        HEAD + "after conv relu\nconv3-8(bare) residual<conv3-8 | optional>\n",
        'arch net(config = "A", act = relu)\ninput 3x8x8\ntable config\n| A | B |\n| conv3-4 | act |\n',
        'arch net(w = 4)\ninput 3x{w}x8\nconv3-{w}\nvariants\n| name | w | report recipe |\n| tiny | 2 | "V1" |\n',
    ],
)
def test_nothing_is_said_of_what_is_right(text: str) -> None:
    assert wrong(text) == []
