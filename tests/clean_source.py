"""Whether generated source is clean: under ruff as it comes, and under mypy's strictest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# What mypy knows of torch takes it half a minute to find out, and is kept for all tests and runs.
_KNOWN = Path(__file__).parents[1] / ".mypy_cache" / "generated"


def assert_clean(folder: Path) -> None:
    """Hold every file of a folder to ruff's rules and format, and to mypy."""
    files = sorted(path.name for path in folder.glob("*.py"))
    for command in (
        ["ruff", "check", "--isolated", "--no-cache", "."],
        ["ruff", "format", "--isolated", "--no-cache", "--check", "."],
        [
            "mypy",
            "--strict",
            "--config-file=",
            "--cache-dir",
            str(_KNOWN),
            *files,
        ],
    ):
        done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
