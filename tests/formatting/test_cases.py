"""The style, case by case, and what a file may be beside a spec of the usual kind."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from archdsl.diagnostics import ArchError, Source
from archdsl.formatting import ChangedMeaning, format_source
from archdsl.formatting import format as formatter
from archdsl.opening.reading import source_of

PAGE = Path(__file__).with_name("cases.md").read_text(encoding="utf-8")
CASES = re.findall(r"^## (.*?)\n\n```arch\n(.*?)^```\n\n```formatted\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def formatted(text: str) -> str:
    return format_source(Source("net.arch", text))


@pytest.mark.parametrize(("before", "after"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_case(before: str, after: str) -> None:
    assert formatted(before) == after
    assert formatted(after) == after


def test_all_cases_are_read() -> None:
    assert len(CASES) == len(re.findall("^## ", PAGE, re.MULTILINE))


@pytest.mark.parametrize(
    ("data", "after"),
    [
        (b"", ""),
        (b" \n\t\n", ""),
        (b"# only", "# only\n"),
        (b"\xef\xbb\xbfarch net\r\n\tinput 3x8x8\r\nrelu # a\r\n", "arch net\ninput 3x8x8\nrelu  # a\n"),
        (b"arch net  # end", "arch net  # end\n"),
        (b"block unit = [relu]\nlet c = {3}", "block unit = [relu]\nlet c = {3}\n"),
    ],
)
def test_files(data: bytes, after: str) -> None:
    assert format_source(source_of(data, "net.arch")) == after


def test_nested_deep() -> None:
    text = formatted("[\n" * 99 + "relu # deep\n" + "]" * 99)
    assert formatted(text) == text
    assert max(line.index("relu") for line in text.splitlines() if "relu" in line) == 2 * 99


def test_a_line_that_can_not_be_broken() -> None:
    text = f'let name = {{"{"x" * 300}"}}\n'
    assert formatted(text) == text


def test_thousands_of_layers_on_one_line() -> None:
    text = formatted("relu " * 2000)
    assert max(map(len, text.splitlines())) <= 100
    assert text.split() == ["relu"] * 2000


def test_a_mistake_is_raised() -> None:
    with pytest.raises(ArchError):
        formatted("arch net [")


@pytest.mark.parametrize("wrong", ["relu bn\n", "relu  # other\n", "relu [\n"])
def test_nothing_that_means_something_else_is_returned(wrong: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formatter, "written", lambda found: wrong)
    with pytest.raises(ChangedMeaning):
        formatted("relu")
