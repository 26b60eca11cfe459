"""Commands where an extra isn't installed: each says what to install, and touches nothing."""

from __future__ import annotations

import hashlib
import shlex
import sys
import tomllib
from pathlib import Path

import pytest

from archdsl.cli import main
from archdsl.diagnostics.missing import EXTRAS, MissingExtra, how_to_install, require
from tests.fresh.invocations import INVOCATIONS, prepare

from .conftest import ROOT, Run

NEEDING = [(command.text, extra) for command, extra in INVOCATIONS if extra]

IMPORTED = {"pillow": "PIL", "scikit-learn": "sklearn"}
"""Packages that are imported by another name than they are installed by."""


def everything(folder: Path) -> dict[Path, str]:
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "" for path in folder.rglob("*")}


@pytest.mark.parametrize(("text", "extra"), NEEDING, ids=[text for text, _ in NEEDING])
def test_it_is_said_before_anything_is_done(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, extra: str
) -> None:
    prepare(tmp_path, torch=False)
    before = everything(tmp_path)
    for name in {name for names in EXTRAS.values() for name in names}:
        monkeypatch.setitem(sys.modules, name, None)
    ran = run(*shlex.split(text)[1:])
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: `archdsl ")
    assert f"pip install 'archdsl[{extra}]'" in ran.err
    assert ran.err.count("\n") == 1
    assert everything(tmp_path) == before


def test_extras_are_those_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = project["optional-dependencies"]

    def brings(extra: str) -> set[str]:
        names = [requirement.split(">")[0] for requirement in listed[extra]]
        inner = [brings("torch") for name in names if name == "archdsl[torch]"]
        return {IMPORTED.get(name, name) for name in names if "[" not in name}.union(*inner)

    for extra, packages in EXTRAS.items():
        assert set(packages) == brings(extra), extra


def test_as_few_extras_as_have_all() -> None:
    assert how_to_install(("torch",)) == "pip install 'archdsl[torch]'"
    assert how_to_install(("torch", "torchvision")) == "pip install 'archdsl[train]'"
    assert how_to_install(("torch", "onnx", "torchvision")) == "pip install 'archdsl[export,train]'"


def test_only_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    require("something", "torch", "numpy")
    monkeypatch.setitem(sys.modules, "safetensors", None)
    with pytest.raises(MissingExtra, match=r"^something needs safetensors: pip install 'archdsl\[torch\]'$"):
        require("something", "torch", "safetensors")


def test_a_library_that_is_broken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*arguments: object) -> None:
        raise ImportError("libfoo.so.3 can't be opened", name="lightning.fabric")

    monkeypatch.setattr("archdsl.opening.library.contents", broken)
    assert main(["list"]) == 2
    assert capsys.readouterr().err == (
        "error: `lightning.fabric` is installed and can't be imported: libfoo.so.3 can't be opened\n"
    )
