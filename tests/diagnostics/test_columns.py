"""Characters that are not one column wide, or not to be trusted."""

from __future__ import annotations

import pytest

from archdsl.diagnostics import Label, Source
from archdsl.diagnostics.text import render

from .samples import find, sample, shown


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
