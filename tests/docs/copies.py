"""A copy of the project with one file more, which CONTRIBUTING shows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from .documents import ROOT, File, steps

Run = Callable[..., str]


def copy_with(name: str, spec: str, root: Path) -> Run:
    """Make a copy in `root` with the file of that name and `net.arch` in it; what comes back runs Python there."""
    for folder in ("archdsl", "grammars", "specs", "tests/layers", "tests/merges"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "tests" / "conftest.py", root / "tests")
    shutil.copy(ROOT / "pyproject.toml", root)
    (file,) = [step for step in steps(ROOT / "CONTRIBUTING.md") if isinstance(step, File) and step.name == name]
    assert not (root / file.name).exists()
    (root / file.name).parent.mkdir(exist_ok=True)
    (root / file.name).write_text(file.text, encoding="utf-8")
    (root / "net.arch").write_text(spec, encoding="utf-8")

    def run(*arguments: str) -> str:
        environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        done = subprocess.run(
            [sys.executable, *arguments], cwd=root, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return run
