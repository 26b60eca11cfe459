"""`archdsl check --fix`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from .conftest import Run

BAD = "arch net\ninput 3, 16, 16\nconv3-4, relu,\nсonv3-8 x  2\nupsample2(mode='nearest')\n"
GOOD = 'arch net\ninput 3x16x16\nconv3-4 relu\nconv3-8 x2\nupsample2(mode="nearest")\n'


def test_what_is_safe_is_mended_and_said(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.arch"
    path.write_text(BAD, encoding="utf-8")
    path.chmod(0o640)
    ran = run("check", "net.arch", "--fix")
    assert (ran.status, ran.err) == (0, "")
    assert path.read_text(encoding="utf-8") == GOOD
    assert path.stat().st_mode & 0o777 == 0o640
    lines = ran.out.splitlines()
    assert lines[0] == "net.arch: mended 5 mistakes"
    assert lines[1] == "  2:7 input-notation: `3, 16, 16` is no input"
    assert lines[-1] == "net.arch: ok (no expectations)"
    assert run("check", "net.arch", "--fix").out == "net.arch: ok (no expectations)\n"


def test_line_ends_and_the_byte_order_mark_stay(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.arch"
    path.write_bytes(b"\xef\xbb\xbf" + BAD.replace("\n", "\r\n").encode())
    assert run("check", "net.arch", "--fix").status == 0
    assert path.read_bytes() == b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode()


def test_lines_that_end_in_two_ways(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.arch"
    path.write_bytes(b"arch net\r\ninput 3, 8, 8\nrelu, bn,\r\nrelu")
    assert run("check", "net.arch", "--fix").status == 0
    assert path.read_bytes() == b"arch net\r\ninput 3x8x8\nrelu bn\r\nrelu"


def test_what_is_not_safe_stays(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.arch"
    text = "arch net\ninput 3x8x8\nmaxpol\n"
    path.write_text(text, encoding="utf-8")
    ran = run("check", "net.arch", "--fix")
    assert (ran.status, ran.out) == (1, "")
    assert "error[unknown-layer]" in ran.err
    assert path.read_text(encoding="utf-8") == text


def test_some_are_mended_and_the_others_said(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text("arch net\ninput 3, 8, 8\nrelu ]\n", encoding="utf-8")
    ran = run("check", "net.arch")
    assert ran.err.endswith("\n1 mistake can be mended by `archdsl check --fix`\n")
    ran = run("check", "net.arch", "--fix")
    assert (ran.status, ran.out) == (1, "net.arch: mended 1 mistake\n  2:7 input-notation: `3, 8, 8` is no input\n")
    assert "error[surplus-bracket]" in ran.err


def test_one_mistake_may_hide_another(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "net.arch"
    (tmp_path / "blocks.arch").write_text("block a = [relu]\nblock b = [relu]\n", encoding="utf-8")
    path.write_text('from "blocks.arch" use a, b\narch net\ninput 3, 8, 8\na\n', encoding="utf-8")
    assert run("check", "net.arch", "--fix").status == 0
    assert path.read_text(encoding="utf-8").splitlines()[0] == 'from "blocks.arch" use a'


def test_a_folder(run: Run, tmp_path: Path) -> None:
    for name in ("a.arch", "b.arch"):
        (tmp_path / name).write_text(BAD, encoding="utf-8")
    ran = run("check", ".", "--fix")
    assert ran.status == 0
    assert ran.out.splitlines()[-1] == "2 specs ok (no expectations)"


def test_other_files_and_what_comes_along_are_left_alone(run: Run, tmp_path: Path) -> None:
    broken = "block a = [relu, relu]\n"
    (tmp_path / "blocks.arch").write_text(broken, encoding="utf-8")
    (tmp_path / "net.arch").write_text('from "blocks.arch" use a\narch net\ninput 3x8x8\na\n', encoding="utf-8")
    assert run("check", "net.arch", "--fix").status == 1
    assert (tmp_path / "blocks.arch").read_text(encoding="utf-8") == broken


def test_for_machines_only_diagnostics_go_to_stdout(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text("arch net\ninput 3, 8, 8\nrelu ]\n", encoding="utf-8")
    ran = run("check", "net.arch", "--fix", "--output-format", "json")
    assert [json.loads(line)["code"] for line in ran.out.splitlines()] == ["surplus-bracket"]
    assert ran.err.startswith("net.arch: mended 1 mistake\n")


def test_a_file_that_cannot_be_written(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "net.arch"
    path.write_text(BAD, encoding="utf-8")

    def refuse(target: Path, shown: Path, *more: object) -> None:
        raise PermissionError(13, "Permission denied", str(shown))

    monkeypatch.setattr("archdsl.writing.places.put", refuse)
    ran = run("check", "net.arch", "--fix")
    assert (ran.status, ran.err) == (2, "error: net.arch: permission denied\n")
    assert path.read_text(encoding="utf-8") == BAD
