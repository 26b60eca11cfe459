"""Where the labels of a diagnostic stand below the lines of a spec."""

from __future__ import annotations

import pytest

from archdsl.diagnostics import Label, Source
from archdsl.diagnostics.text import render

from .samples import find, sample, shown


def test_nothing_follows_the_underline_without_remarks_or_label() -> None:
    assert shown("relu bn\n", "bn", label="") == [" 1 | relu bn", "   |      ^^"]


def test_several_labels_on_one_line() -> None:
    assert shown("conv3-64 relu maxpool\n", "maxpool", labels=[("conv3-64", "first"), ("relu", "second")]) == [
        " 1 | conv3-64 relu maxpool",
        "   | -------- ---- ^^^^^^^ here",
        "   | |        |",
        "   | |        second",
        "   | first",
    ]


def test_a_label_around_the_primary_place() -> None:
    assert shown("residual<conv relu>\n", "conv", labels=[("residual<conv relu>", "in this")]) == [
        " 1 | residual<conv relu>",
        "   | ---------^^^^------ in this",
        "   |          |",
        "   |          here",
    ]


def test_a_label_without_text_is_only_underlined() -> None:
    assert shown("conv relu\n", "relu", labels=[("conv", "")]) == [" 1 | conv relu", "   | ---- ^^^^ here"]


def test_two_labels_at_one_place() -> None:
    assert shown("conv relu\n", "conv", labels=[("conv", "one"), ("conv", "two"), ("relu", "")]) == [
        " 1 | conv relu",
        "   | ^^^^ ----",
        "   | |",
        "   | here",
        "   | one",
        "   | two",
    ]


def test_skipped_lines_and_wide_line_numbers() -> None:
    source = Source("a.arch", "".join(f"layer{number}\n" for number in range(1, 13)))
    labels = [Label(find(source, name), name) for name in ("layer12", "layer11", "layer8")]
    found = sample(find(source, "layer10"), "m", "here", labels=labels, notes=["n"])
    expected = """\
error[sample]: m
   --> a.arch:10:1
    |
  8 | layer8
    | ------ layer8
...
 10 | layer10
    | ^^^^^^^ here
 11 | layer11
    | ------- layer11
 12 | layer12
    | ------- layer12
    |
    = note: n"""
    assert render(found) == expected


def test_a_span_of_several_lines_is_shown_by_its_first() -> None:
    assert shown("x [conv  \n relu\n] x5\n", "[conv  \n relu\n]") == [" 1 | x [conv", "   |   ^^^^^ here"]


def test_labels_in_other_sources() -> None:
    here = Source("net.arch", "import other\n\nblock(3)\n")
    other = Source("other.arch", "# a\n# b\ndef block(n):\n  conv\n")
    third = Source("third.arch", "relu\n")
    found = sample(
        find(here, "block(3)"),
        "m",
        "called here",
        labels=[
            Label(find(other, "conv"), "fails here"),
            Label(find(third, "relu"), "third"),
            Label(find(other, "block"), "defined here"),
            Label(find(here, "other"), "imported here"),
        ],
        helps=["h"],
    )
    expected = """\
error[sample]: m
  --> net.arch:3:1
   |
 1 | import other
   |        ----- imported here
...
 3 | block(3)
   | ^^^^^^^^ called here
   |
  ::: other.arch:3:5
   |
 3 | def block(n):
   |     ----- defined here
 4 |   conv
   |   ---- fails here
   |
  ::: third.arch:1:1
   |
 1 | relu
   | ---- third
   |
   = help: h"""
    assert render(found) == expected


@pytest.mark.parametrize(
    ("text", "start", "end", "place", "lines"),
    [
        ("relu\n", 5, 5, "2:1", [" 2 |", "   | ^ end"]),
        ("relu", 4, 4, "1:5", [" 1 | relu", "   |     ^ end"]),
        ("relu", 40, 44, "1:5", [" 1 | relu", "   |     ^ end"]),
        ("", 0, 0, "1:1", [" 1 |", "   | ^ end"]),
        ("a\n\nb\n", 2, 2, "2:1", [" 2 |", "   | ^ end"]),
        ("a\n\nb\n", 2, 4, "2:1", [" 2 |", "   | ^ end"]),
        ("a\nb", 1, 2, "1:2", [" 1 | a", "   |  ^ end"]),
        ("abc", 1, 1, "1:2", [" 1 | abc", "   |  ^ end"]),
    ],
)
def test_a_place_without_characters_has_one_caret(
    text: str, start: int, end: int, place: str, lines: list[str]
) -> None:
    rendered = render(sample(Source("a", text).span(start, end), "m", "end"))
    assert rendered.split("\n") == ["error[sample]: m", f"  --> a:{place}", "   |", *lines]
