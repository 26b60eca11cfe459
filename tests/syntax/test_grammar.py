"""The grammar: free of conflicts, ignorant of layers, and the same as the tables that are shipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from lark.exceptions import GrammarError

from archdsl.layers.base import keywords
from archdsl.syntax import generated_tables, tables


def test_has_no_conflict() -> None:
    # Lark only logs shift/reduce conflicts unless it is strict.
    tables.build(strict=True)


def test_a_conflict_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    ambiguous = tables.grammar().replace("?item: import |", "?item: HEAD | import |")
    assert ambiguous != tables.grammar()
    monkeypatch.setattr(tables, "grammar", lambda: ambiguous)
    with pytest.raises(GrammarError):
        tables.build(strict=True)


def test_stored_tables_are_those_of_the_grammar() -> None:
    assert tables.digest() == generated_tables.GRAMMAR_SHA256, "run: python archdsl/syntax/tables.py"
    stored = Path(generated_tables.__file__).read_text(encoding="utf-8")
    assert tables.serialized() == stored, "run: python archdsl/syntax/tables.py"


def test_knows_no_layer() -> None:
    text = re.sub(r"//[^\n]*", "", tables.grammar())
    words = set(re.findall(r"[a-z][a-z0-9-]*", text))
    # `input` and the like are words of the language; a layer's keyword must not be among them.
    assert not words & set(keywords()), words & set(keywords())


def test_digits_are_ascii() -> None:
    assert "\\d" not in tables.grammar()
    assert "\\w" not in tables.grammar()
