"""The tables are followed as Lark follows them: the same trees, and the same texts refused."""

from __future__ import annotations

import random
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedInput

from archdsl.diagnostics import Source
from archdsl.limits import USUAL
from archdsl.syntax import automaton, generated_tables, tables
from archdsl.syntax.parser import Builder
from archdsl.syntax.tokens import tokens
from archdsl.syntax.tree import Node
from tests.fuzz.mutation import Mutator, seeds

ROOT = Path(__file__).parents[2]
SPECS = sorted([*ROOT.glob("specs/**/*.arch"), *ROOT.glob("tests/**/*.arch")])
EACH = 40


@cache
def larks() -> Lark:
    return tables.build()


def by_lark(source: Source) -> list[Any]:
    """The items of a spec out of the tree that Lark's own parser builds. Raises UnexpectedInput."""
    builder = Builder(source, source.text, 0, USUAL)

    def made(read: Any) -> Any:
        if read is None:
            return None
        if isinstance(read, Token):
            assert read.start_pos is not None
            assert read.end_pos is not None
            return builder.token(read.type, read.start_pos, read.end_pos)
        assert isinstance(read, Tree)
        start, end = (0, 0) if read.meta.empty else (read.meta.start_pos, read.meta.end_pos)
        return builder.build(str(read.data), builder.span(start, end), [made(child) for child in read.children])

    return [made(item) for item in larks().parse(source.text, start="start").children]


def ours(source: Source) -> list[Any] | None:
    builder = Builder(source, source.text, 0, USUAL)
    if not automaton.follow(source.text, "start", builder.taken, builder.ended):
        return None
    items: list[Any] = builder.stack[0].made
    return items


def plain(value: Any) -> Any:
    """A node with all its fields and places, to compare."""
    if isinstance(value, Node):
        fields = [plain(getattr(value, name)) for name in value.field_names if name != "span"]
        return [type(value).__name__, value.span.start, value.span.end, *fields]
    if isinstance(value, (list, tuple)):
        return [plain(each) for each in value]
    return value


def agree(text: str) -> bool:
    """Check that both read a text alike, and say whether they take it."""
    source = Source("net.arch", text)
    try:
        theirs = by_lark(source)
    except UnexpectedInput:
        assert ours(source) is None, text
        return False
    assert plain(ours(source)) == plain(theirs), text
    assert [(each.kind, text[each.start : each.end]) for each in tokens(text)] == [
        (each.type, str(each)) for each in larks().parse_interactive(text, start="start").iter_parse()
    ]
    return True


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_specs_are_read_as_lark_reads_them(path: Path) -> None:
    assert agree(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("seed", range(6))
def test_mutants_are_read_as_lark_reads_them(seed: int) -> None:
    choose = random.Random(seed)
    texts = list(seeds())
    taken = [agree(Mutator(choose.randrange(2**32)).mutant(choose.choice(texts))) for _ in range(EACH)]
    assert 0.2 < sum(taken) / EACH < 0.95, "mutants of both kinds"


def test_a_wrong_table_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    rule = next(number for number, rule in enumerate(generated_tables.RULES) if rule[1] == "labelled")
    symbol, name, size, alone, children = generated_tables.RULES[rule]
    wrong = [*generated_tables.RULES]
    wrong[rule] = (symbol, name, size, alone, children[::-1])
    monkeypatch.setattr("archdsl.syntax.parser.RULES", wrong)
    with pytest.raises(AssertionError):
        agree("arch net\ninput 3x8x8\nstem: conv3-64 x2\n")
