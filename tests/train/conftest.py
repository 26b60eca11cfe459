"""Trainings of a tiny network, run as commands in this process."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archdsl.cli import main

TINY = """\
arch tiny(classes = 10)
input 1x8x8
conv3-8 bn relu
conv3-16/2 bn relu
gap
fc-{classes}
"""


@dataclass(frozen=True)
class Ran:
    """What came of a command."""

    status: int
    out: str
    err: str


@dataclass(frozen=True)
class Commands:
    """Runs commands in a folder of its own, which has `tiny.arch`."""

    folder: Path
    capsys: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str) -> Ran:
        status = main(arguments)
        captured = self.capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    def train(self, *arguments: str, out: str = "run", spec: str = "tiny.arch", status: int = 0) -> Ran:
        ran = self("train", spec, "--out", out, *arguments)
        assert ran.status == status, ran.err
        return ran

    def metrics(self, out: str = "run") -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.folder / out / "metrics.json").read_text(encoding="utf-8"))
        return found


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Commands:
    monkeypatch.chdir(tmp_path)
    # What a person who asks for a bug's place sees, so that a crash of ours fails a test with its traceback.
    monkeypatch.setenv("ARCHDSL_DEBUG", "1")
    (tmp_path / "tiny.arch").write_text(TINY, encoding="utf-8")
    return Commands(tmp_path, capsys)


Run = Callable[..., Ran]
