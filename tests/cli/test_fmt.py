"""`archdsl fmt`: what is written, what is printed, and the exit status."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl import formatting
from archdsl.formatting import ChangedMeaning
from archdsl.writing import drafts

from .conftest import Run

UGLY = "arch  net\ninput 3x8x8\nconv3-4   relu # é\n"
NEAT = "arch net\ninput 3x8x8\nconv3-4 relu  # é\n"


@pytest.fixture
def net(tmp_path: Path) -> Path:
    path = tmp_path / "net.arch"
    path.write_text(UGLY, encoding="utf-8")
    return path


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data), encoding="ascii"))


def test_formats_once(run: Run, net: Path) -> None:
    ran = run("fmt", "net.arch")
    assert (ran.status, ran.out, ran.err) == (0, "net.arch: formatted\n", "")
    assert net.read_text(encoding="utf-8") == NEAT
    written = net.stat()
    ran = run("fmt", "net.arch")
    assert (ran.status, ran.out, ran.err) == (0, "", "")
    assert net.stat().st_ino == written.st_ino, "a file in the style is not written again"


def test_check_and_diff_write_nothing(run: Run, net: Path) -> None:
    ran = run("fmt", "--check", "net.arch")
    assert (ran.status, ran.out) == (1, "net.arch: would be formatted\n")
    ran = run("fmt", "--diff", "net.arch")
    assert ran.status == 0
    assert ran.out.splitlines()[:2] == ["--- net.arch", "+++ net.arch (formatted)"]
    assert "-arch  net" in ran.out.splitlines()
    assert "+arch net" in ran.out.splitlines()
    assert run("fmt", "--check", "--diff", "net.arch").status == 1
    assert net.read_text(encoding="utf-8") == UGLY
    net.write_text(NEAT, encoding="utf-8")
    ran = run("fmt", "--check", "--diff", "net.arch")
    assert (ran.status, ran.out) == (0, "")


def test_a_diff_on_a_terminal_is_in_colour_and_safe(run: Run, net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net.write_text("relu  bn # \x1b[2J", encoding="utf-8")
    assert "\x1b[2J" in run("fmt", "--diff", "net.arch").out
    monkeypatch.setattr("archdsl.cli.terminal.wants_color", lambda stream: True)
    out = run("fmt", "--diff", "net.arch").out
    assert "\x1b[31m-relu  bn # \\x1b[2J\x1b[0m" in out
    assert "\\ No newline at end of file" in out


def test_stdin(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    stdin(monkeypatch, b"\xef\xbb\xbf" + UGLY.replace("\n", "\r\n").encode())
    assert run("fmt", "-").out == NEAT.replace("\n", "\r\n")
    stdin(monkeypatch, NEAT.encode())
    assert run("fmt", "--check", "-").status == 0
    stdin(monkeypatch, UGLY.encode())
    ran = run("fmt", "--check", "-")
    assert (ran.status, ran.out) == (1, "stdin: would be formatted\n")
    stdin(monkeypatch, b"arch net [")
    assert run("fmt", "-").status == 1


def test_line_ends_are_kept(run: Run, net: Path) -> None:
    neat = NEAT.replace("\n", "\r\n").encode()
    net.write_bytes(neat)
    assert run("fmt", "--check", "net.arch").status == 0
    net.write_bytes(UGLY.replace("\n", "\r\n").encode())
    assert run("fmt", "--check", "net.arch").status == 1
    assert "\r" not in run("fmt", "--diff", "net.arch").err
    assert run("fmt", "net.arch").status == 0
    assert net.read_bytes() == neat
    # One end that went astray is brought to what the others are, whichever that is.
    for ends, other in (("\r\n", "\n"), ("\n", "\r\n")):
        text = NEAT.replace("\n", ends)
        net.write_bytes(text.replace(ends, other, 1).encode())
        assert run("fmt", "net.arch").status == 0
        assert net.read_bytes() == text.encode()
    net.write_bytes(b"arch net  input 3x8x8  relu")
    run("fmt", "net.arch")
    assert b"\r" not in net.read_bytes()


def test_folders_and_several(run: Run, net: Path, tmp_path: Path) -> None:
    for name in ("specs/b.arch", "specs/deep/a.arch", "specs/.hidden/c.arch", "specs/notes.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(UGLY, encoding="utf-8")
    ran = run("fmt", "net.arch", "specs")
    assert ran.out.splitlines() == [
        f"{Path(name)}: formatted" for name in ("net.arch", "specs/b.arch", "specs/deep/a.arch")
    ]
    assert (tmp_path / "specs/.hidden/c.arch").read_text(encoding="utf-8") == UGLY
    (tmp_path / "empty").mkdir()
    ran = run("fmt", "empty")
    assert (ran.status, ran.err) == (2, "error: empty: no spec is in this folder\n")


def test_a_broken_spec_keeps_no_other_from_being_formatted(run: Run, net: Path, tmp_path: Path) -> None:
    (tmp_path / "a.arch").write_text("arch net [", encoding="utf-8")
    (tmp_path / "b.arch").write_bytes(b"arch net \xff")
    ran = run("fmt", "a.arch", "b.arch", "missing.arch", "net.arch")
    assert (ran.status, ran.out) == (2, "net.arch: formatted\n")
    assert "error: missing.arch: no such file or directory" in ran.err.splitlines()
    assert "--> a.arch:1:10" in ran.err
    assert "error[unreadable-text]" in ran.err
    assert run("fmt", "a.arch", "net.arch").status == 1
    assert (tmp_path / "a.arch").read_text(encoding="utf-8") == "arch net ["


def test_a_name_of_the_library_is_no_file(run: Run) -> None:
    assert run("fmt", "vgg16").status == 2


@pytest.mark.skipif(os.name == "nt", reason="modes and links are those of POSIX")
def test_links_and_modes_are_kept(run: Run, net: Path, tmp_path: Path) -> None:
    net.chmod(0o640)
    link = tmp_path / "link.arch"
    link.symlink_to(net.name)
    assert run("fmt", "link.arch").status == 0
    assert link.is_symlink()
    assert net.read_text(encoding="utf-8") == NEAT
    assert net.stat().st_mode & 0o777 == 0o640


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such pipes")
def test_a_pipe_is_not_formatted(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.arch")
    ran = run("fmt", "pipe.arch")
    assert (ran.status, ran.err) == (2, "error: pipe.arch: only a file can be formatted\n")


def test_a_failure_to_write_leaves_the_file(run: Run, net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(drafts.os, "fsync", full)
    ran = run("fmt", "net.arch")
    assert (ran.status, ran.err) == (2, "error: net.arch: no space left on device\n")
    assert net.read_text(encoding="utf-8") == UGLY
    assert [path.name for path in net.parent.iterdir()] == ["net.arch"]
    (net.parent / "other.arch").write_text(UGLY, encoding="utf-8")
    ran = run("fmt", ".")
    assert (ran.status, len(ran.err.splitlines())) == (2, 2), (
        "one that fails keeps no other of its folder from its turn"
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="who is root may write anywhere")
def test_a_folder_that_can_not_be_written(run: Run, net: Path) -> None:
    net.parent.chmod(0o500)
    try:
        ran = run("fmt", "net.arch")
    finally:
        net.parent.chmod(0o700)
    assert (ran.status, ran.err) == (2, "error: net.arch: permission denied\n")


def test_what_would_mean_something_else_is_not_written(run: Run, net: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(*arguments: object) -> str:
        raise ChangedMeaning

    monkeypatch.setattr(formatting, "format_source", wrong)
    ran = run("fmt", "net.arch")
    assert (ran.status, ran.out) == (3, "")
    assert ran.err.startswith("error: net.arch: this would change what the spec means")
    assert net.read_text(encoding="utf-8") == UGLY


def test_patch_takes_the_diff(run: Run, net: Path) -> None:
    diff = run("fmt", "--diff", "net.arch").out
    try:
        subprocess.run(["patch", "net.arch"], input=diff.encode(), cwd=net.parent, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("the system has no patch")
    assert net.read_text(encoding="utf-8") == NEAT
