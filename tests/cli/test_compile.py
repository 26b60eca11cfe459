"""`archdsl compile`: where the source goes, and what it doesn't replace."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import archdsl

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
    source, mark = (tmp_path / "net.py").read_text(encoding="utf-8").splitlines()
    assert source == "# resnet34 (1000,)"
    assert re.fullmatch("# Written by archdsl: [0-9a-f]{16}", mark)
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


def test_what_archdsl_wrote_is_replaced(run: Run, tmp_path: Path) -> None:
    assert run("compile", "resnet18", "-o", "net.py").status == 0
    assert run("compile", "resnet34", "-o", "net.py").status == 0
    assert (tmp_path / "net.py").read_text(encoding="utf-8").startswith("# resnet34 ")


@pytest.mark.parametrize("change", ["net.eval()\n", "\n"])
def test_what_was_changed_since_is_not(run: Run, tmp_path: Path, change: str) -> None:
    path = tmp_path / "net.py"
    run("compile", "resnet18", "-o", "net.py")
    path.write_text(change + path.read_text(encoding="utf-8"), encoding="utf-8")
    before = path.read_bytes()
    ran = run("compile", "resnet34", "-o", "net.py")
    assert ran.status == 2
    assert ran.err == "error: net.py: is not as archdsl wrote it, and --force is needed to replace it\n"
    assert path.read_bytes() == before
    assert run("compile", "resnet34", "-o", "net.py", "--force").status == 0
    assert path.read_text(encoding="utf-8").startswith("# resnet34 ")


def test_other_line_ends_are_no_change(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    assert run("compile", "resnet18", "-o", "net.py").status == 0
    written = path.read_bytes()
    path.write_bytes(written.replace(b"\n", b"\r\n"))
    assert run("compile", "resnet18", "-o", "net.py").status == 0
    assert path.read_bytes() == written
    path.write_bytes(written.replace(b"\n", b"\r\n").replace(b"1000", b"1001"))
    assert run("compile", "resnet18", "-o", "net.py").status == 2


@pytest.mark.parametrize("content", ["import torch\n", "# Written by archdsl: 0123456789abcdef\n"])
def test_what_a_person_wrote_is_not(run: Run, tmp_path: Path, content: str) -> None:
    (tmp_path / "net.py").write_text(content, encoding="utf-8")
    (tmp_path / "link.py").symlink_to("net.py")
    for name in ("net.py", "link.py"):
        assert run("compile", "resnet18", "-o", name).status == 2
    assert (tmp_path / "net.py").read_text(encoding="utf-8") == content


def test_an_empty_file_is_filled(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.py").touch()
    assert run("compile", "resnet18", "-o", "net.py").status == 0
