"""What holds for every spec: formatting twice is formatting once, and neither tree nor comments change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from archdsl.diagnostics import ArchError, Source
from archdsl.formatting import format_source
from archdsl.formatting.meaning import same
from archdsl.network import loads
from archdsl.syntax import parse, tree

from ..language.pages import examples, pages
from .mangling import mangled

ROOT = Path(__file__).parents[2]
SPECS = sorted([*(ROOT / "specs").glob("*.arch"), *(ROOT / "tests").rglob("*.arch")])
TEXTS = {path.name: path.read_text(encoding="utf-8") for path in SPECS}


def formatted(text: str) -> str:
    return format_source(Source("net.arch", text))


def parsed(text: str) -> tree.File | None:
    try:
        return parse(Source("net.arch", text))
    except ArchError:
        return None


def comments(file: tree.File) -> list[str]:
    return [comment.text.rstrip() for comment in file.comments]


def holds(text: str) -> None:
    """Everything that must hold for a text that is in the language."""
    before = parsed(text)
    assert before is not None
    result = formatted(text)
    after = parsed(result)
    assert after is not None
    assert same(before, after)
    assert comments(before) == comments(after)
    assert formatted(result) == result
    assert not any(line != line.rstrip() for line in result.split("\n"))
    assert "\t" not in "".join(line[: len(line) - len(line.lstrip())] for line in result.split("\n"))
    assert "\n\n\n" not in result
    assert result == "" or (result.endswith("\n") and not result.endswith("\n\n") and not result.startswith("\n"))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_specs_are_in_the_style(path: Path) -> None:
    assert formatted(TEXTS[path.name]) == TEXTS[path.name]


def document(text: str) -> str:
    """The network as JSON, without the places in the text."""
    return re.sub(r'"place":\{[^{}]*\}', "", loads(text).to_json())


def test_networks_are_equal() -> None:
    compared = 0
    for text in TEXTS.values():
        # Only what stands alone, and before it is formatted it is no longer in the style.
        if text.startswith("from ") or "\nfrom " in text or "\narch " not in text:
            continue
        ugly = text.replace(" ", " \t ").replace("\n", "\n\n\n   ")
        if (file := parsed(ugly)) is None or not same_but_for_comments(file, parse(Source("net.arch", text))):
            continue
        assert formatted(ugly) != ugly
        assert document(formatted(ugly)) == document(ugly)
        compared += 1
    assert compared > 15


def test_every_spec_of_the_reference() -> None:
    read = 0
    for page in pages():
        for example in examples(page):
            if parsed(example.spec.text) is not None:
                holds(example.spec.text)
                read += 1
    assert read > 150


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_whatever_the_white_space(data: st.DataObject) -> None:
    original = TEXTS[data.draw(st.sampled_from(sorted(TEXTS)))]
    text = data.draw(mangled(original))
    file, meant = parsed(text), parsed(original)
    assert meant is not None
    assume(file is not None and same_but_for_comments(file, meant))
    holds(text)


def same_but_for_comments(one: tree.File, other: tree.File) -> bool:
    return same(without_comments(one), without_comments(other))


def without_comments(file: tree.File) -> tree.File:
    return tree.File(file.span, file.source, file.items, (), file.warnings)
