"""When two specs say the same."""

from __future__ import annotations

import pytest

from archdsl.diagnostics import Source
from archdsl.formatting.meaning import same
from archdsl.syntax import parse


def equal(one: str, other: str) -> bool:
    return same(parse(Source("one", one)), parse(Source("other", other)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("relu bn  # a", "relu\n\nbn # a  "),
        ("relu ×3", "relu x3"),
        ("let a = {(1 + 2) * 3}", "let a = {((1+2)) * 3}"),
        ("layer{i+1}: relu", "layer{ i + 1 }: relu"),
        ("unit(1, 2,)", "unit(1, 2)"),
    ],
)
def test_same(one: str, other: str) -> None:
    assert equal(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("relu", "relu bn"),
        ("relu", "gelu"),
        ("relu  # a", "relu  # b"),
        ("relu  # a", "relu"),
        ("let a = {1}", "let a = {true}"),
        ("let a = {1}", "let a = {1.0}"),
        ("let a = {(1)}", "let a = {(1,)}"),
        ("let a = {1 + 2 * 3}", "let a = {(1 + 2) * 3}"),
        ("[relu] x3", "[relu]"),
        ("[relu bn]", "[relu [bn]]"),
        ("add<relu | bn>", "add<relu bn>"),
        ("one: relu", "relu"),
    ],
)
def test_not_same(one: str, other: str) -> None:
    assert not equal(one, other)
