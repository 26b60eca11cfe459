"""What people write who come from elsewhere: most are told the right word, with the numbers where they go."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
sys.path.insert(0, str(DOCS))

from coming_from import answer, read_phrases, spec_with  # noqa: E402

PHRASES = [row for _, rows in read_phrases(DOCS / "coming-from.txt") for row in rows]
NONE = "no such layer"


@pytest.mark.parametrize(("written", "wanted"), PHRASES, ids=lambda text: text if len(text) < 60 else None)
def test_it_is_answered(written: str, wanted: str) -> None:
    said = answer(spec_with(written))
    assert len(said.codes) == 1, said
    assert any(wanted in help for help in said.helps), said


def test_most_have_a_word_here() -> None:
    assert len({written for written, _ in PHRASES}) == len(PHRASES) >= 150
    assert sum(wanted != NONE for _, wanted in PHRASES) / len(PHRASES) >= 0.95


def test_most_have_a_fix() -> None:
    fixes = [answer(spec_with(written)).fix for written, _ in PHRASES]
    assert sum(fix != "-" for fix in fixes) / len(fixes) >= 0.9
