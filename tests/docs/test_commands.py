"""Every command of README and docs runs as it is written, and shows what the page shows."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from .documents import OMITTED, ROOT, Command, File, documents, matches, steps

WITH_STEPS = [path for path in documents() if steps(path)]


@pytest.mark.parametrize("path", WITH_STEPS, ids=lambda path: path.name)
def test_commands(path: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "NO_COLOR": "1", "PYTHONUTF8": "1", "COLUMNS": "80"}
    for step in steps(path):
        if isinstance(step, File):
            target = tmp_path / step.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(step.text, encoding="utf-8")
            continue
        arguments = step.arguments
        if arguments is None:
            continue
        done = subprocess.run(
            arguments,
            cwd=tmp_path,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
        )
        where = f"{path.name}:{step.line}: {step.text}\n{done.stdout}"
        assert done.returncode == step.status, where
        if step.output:
            assert matches(step.output, done.stdout), where


def test_every_command_is_one_that_is_run_or_known() -> None:
    known = re.compile(
        r"(make (demo|test|check|fresh|bench|fuzz|generated|lecture|proofs)"
        r"|pip install -e \S+|python -m pytest \S+.*)(\s+#.*)?"
    )
    for path in documents():
        for step in steps(path):
            if isinstance(step, Command) and step.arguments is None:
                assert known.fullmatch(step.text), f"{path.name}:{step.line}: {step.text}"


def test_targets_of_make_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for path in documents():
        for step in steps(path):
            if isinstance(step, Command) and step.text.startswith("make "):
                assert re.search(rf"^{step.text.split()[1]}:", makefile, re.MULTILINE), step.text


def test_links_lead_somewhere() -> None:
    for path in [*documents(), *sorted((ROOT / "tests" / "language").glob("*.md"))]:
        prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", prose):
            assert (path.parent / target).exists(), f"{path.relative_to(ROOT)}: {target}"


def test_the_runner_bites() -> None:
    assert matches(["a", OMITTED, "c"], "a\nb\nb\nc\n")
    assert matches([OMITTED, "c"], "c")
    assert not matches(["a"], "a\nb\n")
    assert not matches(["a", OMITTED], "b\n")
    assert Command("rm -rf /", 1).arguments is None
    assert Command("python -m pip install x", 1).arguments is None
