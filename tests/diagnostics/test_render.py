"""How diagnostics are shown: as text for people and as JSON lines for machines."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Label, Source, Span
from archdsl.diagnostics.excerpt import LIMIT
from archdsl.diagnostics.json_lines import to_json
from archdsl.diagnostics.text import render, render_all


def kind(code: str, severity: str = "error") -> Callable[..., Diagnostic]:
    """A kind of mistake made up for a test; as it is no subclass, the catalogue of real ones never sees it."""

    def mistake(*arguments: Any, **named: Any) -> Diagnostic:
        found = Diagnostic(*arguments, **named)
        vars(found).update(code=code, severity=severity)
        return found

    return mistake


sample = kind("sample")


def find(source: Source, text: str, nth: int = 1) -> Span:
    """The nth place of `text` in a source."""
    start = -1
    for _ in range(nth):
        start = source.text.index(text, start + 1)
    return source.span(start, start + len(text))


def shown(text: str, part: str, label: str = "here", labels: Iterable[tuple[str, str]] = ()) -> list[str]:
    """The lines from the first source line on, for a mistake at `part` of a spec."""
    source = Source("a.arch", text)
    others = [Label(find(source, other), words) for other, words in labels]
    return render(sample(find(source, part), "m", label, labels=others)).split("\n")[3:]


# The three examples of the design.


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


# Where labels stand.


def test_without_a_place() -> None:
    elsewhere = Label(Source("a.arch", "relu").span(0, 4), "never shown")
    found = kind("too-big", "warning")(None, "the net is big", "unused", labels=[elsewhere], notes=["n"], helps=["h"])
    assert render(found) == "warning[too-big]: the net is big\n   = note: n\n   = help: h"
    assert render(sample(None, "m")) == "error[sample]: m"


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


# Characters that are not one column wide, or not to be trusted.


@pytest.mark.parametrize(
    ("line", "part", "source_line", "underline"),
    [
        ("\trelu\tbn", "bn", "    relu    bn", "            ^^"),
        ("a\tb", "\t", "a    b", " ^^^^"),
        ("# 卷积 relu", "relu", "# 卷积 relu", "       ^^^^"),
        ("卷积", "积", "卷积", "  ^^"),
        ("# 🚀 relu", "relu", "# 🚀 relu", "     ^^^^"),
        ("ＡＢ c", "c", "ＡＢ c", "     ^"),
        ("cafe\u0301 relu", "relu", "cafe\u0301 relu", "     ^^^^"),
        ("cafe\u0301 relu", "\u0301", "cafe\u0301 relu", "   ^"),
        ("cafe\u0301 relu", "cafe", "cafe\u0301 relu", "^^^^"),
        ("\u1112\u1161\u11ab relu", "relu", "\u1112\u1161\u11ab relu", "   ^^^^"),
        ("\x1b[31m relu", "relu", "\\x1b[31m relu", "         ^^^^"),
        ("a\x1bb", "\x1b", "a\\x1bb", " ^^^^"),
        ("a\x00\x7f\x9b b", " b", "a\\x00\\x7f\\x9b b", "             ^^"),
        ("\u202e relu", "relu", "\\u202e relu", "       ^^^^"),
        ("\u2066\u200b\ufeff relu", "relu", "\\u2066\\u200b\\ufeff relu", " " * 19 + "^^^^"),
        ("a\u2028b\u2029c\u0085d\x0be\x0cf", "f", "a\\u2028b\\u2029c\\x85d\\x0be\\x0cf", " " * 29 + "^"),
        ("\U000e0041 relu", "relu", "\\U000e0041 relu", "           ^^^^"),
        ("\ud800 relu", "relu", "\\ud800 relu", "       ^^^^"),
        ("a\rb", "b", "a\\x0db", "     ^"),
        ("a\u00a0b", "b", "a\\xa0b", "     ^"),
    ],
)
def test_the_caret_stays_in_place(line: str, part: str, source_line: str, underline: str) -> None:
    assert shown(f"{line}\nnext\n", part) == [f" 1 | {source_line}", f"   | {underline} here"]


def test_carriage_return_at_the_end_of_a_line_is_dropped() -> None:
    assert shown("relu\r\nbn\r\n", "relu\r") == [" 1 | relu", "   | ^^^^ here"]
    assert shown("relu\r\nbn\r\n", "\r") == [" 1 | relu", "   |     ^ here"]


def test_every_text_is_made_safe() -> None:
    bad = "\x1b[2J\u202e\n\r\u2028"
    source = Source(f"{bad}.arch", "relu bn\n")
    other = Source(f"other{bad}", "x\n")
    labels = [Label(find(source, "bn"), f"b{bad}"), Label(other.span(0, 1), f"c{bad}")]
    found = sample(find(source, "relu"), f"m{bad}", f"a{bad}", labels=labels, notes=[f"n{bad}"], helps=[f"h{bad}"])
    escaped = "\\x1b[2J\\u202e\\x0a\\x0d\\u2028"
    rendered = render(found)
    assert rendered.count(escaped) == 8
    assert all(character == "\n" or character.isprintable() for character in rendered)
    assert rendered.count("\n") == 14


# Long lines.


def test_a_long_line_is_cut_around_the_place() -> None:
    line = "a" * 1000 + " relu " + "b" * 1000
    source_line, underline = shown(f"{line}\n", "relu")
    text = source_line.removeprefix(" 1 | ")
    assert text == "…" + "a" * 77 + " relu " + "b" * 77 + "…"
    assert underline == "   | " + " " * 79 + "^^^^ here"


@pytest.mark.parametrize(("start", "first", "last"), [(0, "^", "…"), (999, "…", "^")])
def test_a_long_line_is_cut_on_one_side_only_near_its_ends(start: int, first: str, last: str) -> None:
    source = Source("a", "^" + "=" * 998 + "^")
    text = render(sample(source.span(start, start + 1), "m")).split("\n")[3].removeprefix(" 1 | ")
    assert (text[0], text[-1], len(text)) == (first, last, LIMIT + 1)


def test_a_line_at_the_limit_is_not_cut() -> None:
    assert "…" not in shown("x" * (LIMIT - 1) + "!", "!")[0]
    assert shown("x" * LIMIT + "!", "!")[0][5:] == "…" + "x" * (LIMIT - 1) + "!"


def test_a_label_that_was_cut_away_is_underlined_at_the_cut() -> None:
    line = "start" + "a" * 500 + " relu " + "b" * 500 + "end"
    assert shown(line, "relu", labels=[("start", "s"), ("end", "e")])[1:] == [
        "   | -" + " " * 78 + "^^^^" + " " * 78 + "- e",
        "   | |" + " " * 78 + "|",
        "   | |" + " " * 78 + "here",
        "   | s",
    ]


def test_a_place_longer_than_the_limit_shows_its_beginning() -> None:
    source_line, underline = shown("x " + "y" * 1000, "y" * 1000)
    assert source_line == " 1 | …" + "y" * LIMIT + "…"
    assert underline == "   |  " + "^" * (LIMIT + 1) + " here"


def test_wide_and_combining_characters_count_when_a_line_is_cut() -> None:
    assert shown("!" + "积" * 500, "!")[0] == " 1 | !" + "积" * 79 + "…"
    combined = "!" + "e\u0301" * 500
    assert shown(combined, "!")[0] == f" 1 | {combined[:LIMIT]}…"


# Colour.


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


# Many diagnostics.


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


# JSON.


def test_json_round_trip() -> None:
    source = Source("net.arch", "arch net\nmaxpol x\n\u202e积\n")
    found = kind("unknown-layer", "warning")(
        find(source, "maxpol"),
        "unknown `maxpol`\x1b\u2028",
        "not defined",
        labels=[Label(source.span(5, 10), "over a line end")],
        notes=["积"],
        helps=["h1", "h2"],
        fixes=[Edit(find(source, "maxpol"), "maxpool", safe=True), Edit(source.span(19, 19), "\n")],
    )
    line = to_json(found)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {
        "version": 1,
        "code": "unknown-layer",
        "severity": "warning",
        "message": "unknown `maxpol`\x1b\u2028",
        "file": "net.arch",
        "line": 2,
        "column": 1,
        "end_line": 2,
        "end_column": 7,
        "label": "not defined",
        "labels": [
            {"file": "net.arch", "line": 1, "column": 6, "end_line": 2, "end_column": 2, "text": "over a line end"}
        ],
        "notes": ["积"],
        "helps": ["h1", "h2"],
        "fixes": [
            {
                "file": "net.arch",
                "line": 2,
                "column": 1,
                "end_line": 2,
                "end_column": 7,
                "replacement": "maxpool",
                "safe": True,
            },
            {
                "file": "net.arch",
                "line": 3,
                "column": 2,
                "end_line": 3,
                "end_column": 2,
                "replacement": "\n",
                "safe": False,
            },
        ],
    }


def test_json_without_a_place() -> None:
    assert json.loads(to_json(sample(None, "m"))) == {
        "version": 1,
        "code": "sample",
        "severity": "error",
        "message": "m",
        "file": None,
        "line": None,
        "column": None,
        "end_line": None,
        "end_column": None,
        "label": "",
        "labels": [],
        "notes": [],
        "helps": [],
        "fixes": [],
    }
