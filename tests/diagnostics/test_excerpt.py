"""Long lines are cut around the places that matter."""

from __future__ import annotations

import pytest

from archdsl.diagnostics import Source
from archdsl.diagnostics.excerpt import LIMIT
from archdsl.diagnostics.text import render

from .samples import sample, shown


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
