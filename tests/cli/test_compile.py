"""`archdsl compile`, and that a file is written whole or not at all."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

import archdsl
from archdsl.cli import writing
from archdsl.cli.writing import write

from .conftest import Run


@pytest.fixture(autouse=True)
def source(monkeypatch: pytest.MonkeyPatch) -> None:
    """The text itself is tested with the backend."""
    monkeypatch.setattr(archdsl.Network, "source", lambda self: f"# {self.variant} {self.output}\n")


def test_to_stdout(run: Run) -> None:
    ran = run("compile", "resnet50", "--set", "classes=7")
    assert (ran.status, ran.out, ran.err) == (0, "# resnet50 (7,)\n", "")


def test_to_a_file(run: Run, tmp_path: Path) -> None:
    ran = run("compile", "resnet.arch", "--variant", "resnet34", "-o", "net.py")
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert (tmp_path / "net.py").read_text(encoding="utf-8") == "# resnet34 (1000,)\n"
    assert [path.name for path in tmp_path.iterdir()] == ["net.py"]


def test_no_file_is_left_by_a_mistake(run: Run, tmp_path: Path) -> None:
    assert run("compile", "resnet51", "-o", "net.py").status == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["missing/net.py", "."])
def test_where_nothing_can_be_written(run: Run, tmp_path: Path, target: str) -> None:
    ran = run("compile", "resnet18", "-o", target)
    assert ran.status == 2
    assert ran.err.startswith("error: ")
    assert ran.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_whole_or_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.py"
    path.write_text("old\n", encoding="utf-8")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, "fsync", fail)
    with pytest.raises(OSError, match="No space left on device"):
        write(path, "new\n")
    assert path.read_text(encoding="utf-8") == "old\n"
    assert [each.name for each in tmp_path.iterdir()] == ["net.py"]


def test_permissions_and_links_are_kept(tmp_path: Path) -> None:
    path, link = tmp_path / "net.py", tmp_path / "link.py"
    path.write_text("old\n", encoding="utf-8")
    path.chmod(0o640)
    link.symlink_to(path)
    write(link, "new\n")
    assert link.is_symlink()
    assert path.read_text(encoding="utf-8") == "new\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
