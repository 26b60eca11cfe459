"""The hooks for pre-commit name commands that there are."""

from __future__ import annotations

import re

from .conftest import ROOT, Run

NEEDED = {"id", "name", "description", "entry", "language", "files"}


def hooks(text: str) -> list[dict[str, str]]:
    """The hooks of a file in the part of YAML that is used here: a list of maps from words to plain text."""
    found: list[dict[str, str]] = []
    for line in text.splitlines():
        match = re.fullmatch(r"(- |  )([a-z_]+): ([^\s#:\"'&*!|>%@`{\[][^#:]*)", line)
        assert match, f"not in that part of YAML: {line}"
        if match[1] == "- ":
            found.append({})
        assert match[2] not in found[-1]
        found[-1][match[2]] = match[3]
    return found


def test_hooks(run: Run) -> None:
    read = hooks((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert [hook["entry"] for hook in read] == ["archdsl check", "archdsl fmt"]
    for hook in read:
        assert set(hook) == NEEDED
        assert hook["language"] == "python"
        assert re.search(hook["files"], "specs/net.arch")
        assert not re.search(hook["files"], "specs/net.archive")
        assert run(*hook["entry"].split()[1:], "--help").status == 0
