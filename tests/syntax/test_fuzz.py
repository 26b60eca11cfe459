"""Texts that nobody would write: nothing but ArchError comes out, soon, with places inside the text.

The texts are grown from the grammar and then damaged, so that many get past the parser. Run by hand,
`python -m pytest tests/syntax/test_fuzz.py -s` prints how many.
"""

from __future__ import annotations

import re
import time
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.lark import from_lark
from lark import Lark

from archdsl.diagnostics import ArchError, Diagnostic, Source, render, to_json
from archdsl.syntax import parse, tables

# Long enough for a loaded machine, short enough to notice a text that costs more than its length.
SOON = 5.0

# Look-around is what Hypothesis can't grow texts from; the words below stand for the terminals that have it.
WORDS = {
    "HEAD": ["conv3-64", "bn", "relu", "maxpool3", "unit", "conv", "x3"],
    "NAME": ["a", "c", "in_channels", "name"],
    "LABEL": ["stem", "layer{i+1}", "block"],
    "MERGE": ["residual<", "concat<", "a<"],
    "NUMBER": ["0", "64", "1.5", "4.1G", "1e-6"],
    "SIZE": ["64", "1x7"],
    "DIMS": ["3x8x8", "3x{c}x{c}"],
    "TIMES": [" x2", " ×3"],
    "TIMES_HOLE": [" x{"],
    "STRING": ['"A"', '""', '"block{b}"'],
    "REFERENCE": ["@a", "@enc{4-i}"],
    "HEADWORD": ["A", "name", "expect", "c"],
    "NOTHING": ["-", "---"],
    "COMPARISON": ["==", "<"],
    "TIMES_OP": ["*", "//"],
}  # fmt: skip
ANYTHING = st.text(st.characters(codec="utf-8"), max_size=3)
PIECES = [
    *"[](){}<>|,:=#@-/\"' \n\t\r",
    *"×٣с–\u202e\u200b\x00\x1b",
    *(word for words in WORDS.values() for word in words),
]
PIECES += [
    "arch net\n",
    "input 3x8x8\n",
    "block a = [relu]\n",
    "\nvariants\n| name |\n",
    "\ntable c\n| A | B |\n",
    "let c = {",
    "for ",
]


def grown() -> st.SearchStrategy[str]:
    """Texts that follow the grammar, as far as it can be said without look-around."""
    text = re.sub(r"\(\?<?[=!](?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)", "", tables.grammar())
    lark = Lark(text, start="item", parser="earley", lexer="dynamic")
    return from_lark(lark, start="item", explicit={name: st.sampled_from(words) for name, words in WORDS.items()})


damaged = st.builds(
    lambda items, cuts: _damaged("\n".join(items), cuts),
    st.lists(grown(), max_size=3),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 3), st.sampled_from(PIECES) | ANYTHING), max_size=2),
)
pieces = st.lists(st.sampled_from(PIECES) | ANYTHING, max_size=25).map(" ".join)


def _damaged(text: str, cuts: list[tuple[int, int, str]]) -> str:
    for place, length, piece in cuts:
        text = text[:place] + piece + text[place + length :]
    return text


def diagnosed(text: str) -> list[Diagnostic]:
    """What is said of a text, which is looked at closely."""
    begun = time.process_time()
    try:
        found = list(parse(Source("net.arch", text)).warnings)
    except ArchError as error:
        found = list(error.diagnostics)
        assert found
    assert time.process_time() - begun < SOON
    for each in found:
        spans = [label.span for label in each.labels] + [edit.span for remedy in each.remedies for edit in remedy.edits]
        for span in [*spans, *([each.at] if each.at else [])]:
            assert 0 <= span.start <= span.end <= len(text)
        assert all(character.isprintable() or character == "\n" for character in render(each))
        assert to_json(each).isascii()
    return found


seen: Counter[str] = Counter()


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(damaged)
def test_damaged_specs(text: str) -> None:
    seen["past the parser" if all(each.severity == "warning" for each in diagnosed(text)) else "refused"] += 1


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(pieces)
def test_pieces_of_specs(text: str) -> None:
    diagnosed(text)


def test_a_good_share_gets_past_the_parser() -> None:
    share = seen["past the parser"] / max(1, seen.total())
    print(f"{share:.0%} of {seen.total()} damaged specs get past the parser")
    assert not seen or 0.1 < share < 0.95


@pytest.mark.parametrize("text", ["relu,", "relu,\n", "if ", "] ", "conv3 -64 ", "a = ", '"', "{}", "с ", "| "])
def test_a_mistake_many_times_over(text: str) -> None:
    diagnosed(text * (2**16 // len(text)))
