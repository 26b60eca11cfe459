"""The pages that are made from the code are those that the code makes."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from archdsl.catalogue import kinds
from archdsl.layers.base import keywords

from .documents import ROOT


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """`docs/generate.py` as a module."""
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("name", ["layers.md", "diagnostics.md", "cli.md"])
def test_is_fresh(generate: ModuleType, name: str) -> None:
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == generate.pages()[name], "run python docs/generate.py"


def test_holds_every_layer_and_mistake(generate: ModuleType) -> None:
    pages = generate.pages()
    for keyword, kind in keywords().items():
        if kind.__module__.startswith("archdsl."):
            assert f"\n### {keyword}\n" in pages["layers.md"]
    for code, mistake in kinds().items():
        if mistake.__module__.startswith("archdsl."):
            assert f"\n## {code}\n" in pages["diagnostics.md"]


def test_a_stale_page_is_seen(generate: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(generate, "HERE", tmp_path)
    assert generate.main(["--check"]) == 1
    assert generate.main([]) == 0
    assert generate.main(["--check"]) == 0
    (tmp_path / "cli.md").write_text("old", encoding="utf-8")
    assert generate.main(["--check"]) == 1


def test_runs_as_a_script() -> None:
    script = ROOT / "docs" / "generate.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
