"""Specs from strangers, as a person meets them: one clear mistake, and nothing raw on the terminal."""

from __future__ import annotations

import ast
import keyword
import os
import tokenize
from io import BytesIO
from pathlib import Path

import pytest

from .conftest import Run

HEAD = "arch net\ninput 3x8x8\n"
COMMANDS = ["check", "shapes", "compile", "fmt"]


def is_plain(text: str) -> bool:
    """Whether a terminal can be trusted with a text."""
    return all(character.isprintable() or character == "\n" for character in text)


BYTES = {
    "a NUL": (b"arch net\ninput 3x8x8\nrelu\x00\n", "unreadable-text"),
    "a NUL in a comment": (b"arch net\ninput 3x8x8\nrelu # \x00\n", "unreadable-text"),
    "a lone carriage return": (b"arch net\rinput 3x8x8\rrelu\r", "unreadable-text"),
    "no UTF-8": (b"arch net\ninput 3x8x8\nrelu # \xff\n", "unreadable-text"),
    "half of a surrogate pair": (b"arch net\ninput 3x8x8\nrelu # \xed\xa0\x80\n", "unreadable-text"),
    "UTF-16": ("arch net\ninput 3x8x8\nrelu\n".encode("utf-16"), "unreadable-text"),
    "a direction in code": ("arch net\ninput 3x8x8\nrelu \u202e bn\n".encode(), "hidden-character"),
    "a direction in a string": ('arch net\ninput 3x8x8\n"a\u2066b": relu\n'.encode(), "hidden-character"),
    "an escape": (b"arch net\ninput 3x8x8\nrelu \x1b bn\n", "hidden-character"),
    "a letter that looks like another": ("arch net\ninput 3x8x8\n\u0441onv3-4\n".encode(), "look-alike"),
    "digits of another script": ("arch net\ninput 3x8x8\nconv\u0663-\u0664\n".encode(), "look-alike"),
    "wide digits": ("arch net\ninput 3x8x8\nconv\uff13-4\n".encode(), "look-alike"),
}


@pytest.mark.parametrize(("data", "code"), BYTES.values(), ids=BYTES)
def test_one_clear_error(run: Run, tmp_path: Path, data: bytes, code: str) -> None:
    (tmp_path / "net.arch").write_bytes(data)
    for command in COMMANDS:
        ran = run(command, "net.arch")
        assert (ran.status, ran.out) == (1, "")
        assert ran.err.startswith(f"error[{code}]"), ran.err
        assert ran.err.count("error[") == 1
        assert is_plain(ran.err)
    assert (tmp_path / "net.arch").read_bytes() == data


def test_what_windows_writes_is_a_spec(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_bytes(b"\xef\xbb\xbf" + (HEAD + "relu\n").replace("\n", "\r\n").encode())
    assert run("check", "net.arch").status == 0


def test_a_direction_in_a_comment_is_a_warning_and_never_raw(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text(f"# \u202e evil \x1b[2J\n{HEAD}relu # \u2066\n", encoding="utf-8")
    ran = run("check", "net.arch")
    assert ran.status == 0
    assert "warning[hidden-in-comment]" in ran.err
    for other in (ran, run("compile", "net.arch"), run("shapes", "net.arch")):
        assert is_plain(other.out + other.err)


@pytest.mark.parametrize(
    "label", [*keyword.kwlist, "__init__", "_x", "__class__", "forward", "train", "parameters", "T_destination"]
)
def test_a_label_that_names_no_submodule(run: Run, tmp_path: Path, label: str) -> None:
    (tmp_path / "net.arch").write_text(f'{HEAD}"{label}": relu\n', encoding="utf-8")
    ran = run("check", "net.arch")
    assert ran.status == 1
    assert ran.err.startswith("error[bad-label]")


@pytest.mark.parametrize(
    "text",
    [
        '"""',
        "\\",
        "\\N{BULLET}",
        "{0}",
        "%s",
        "# -*- coding: utf-7 -*-",
        "\u2028import os",
        "\x0cimport os",
        '""" + 1 #',
        "\\x22\\x22\\x22",
    ],
)
def test_no_text_leaves_its_docstring(run: Run, tmp_path: Path, text: str) -> None:
    name = "".join(each for each in text if each.isprintable() and each != "/") or "net"
    spec = tmp_path / f"{name}.arch"
    spec.write_text(f"# {text}\n{HEAD}block unit(c = 4) = [conv3-{{c}} bn]\nfirst: unit\n", encoding="utf-8")
    ran = run("compile", str(spec))
    assert ran.status == 0
    first, second, *_ = ran.out.splitlines()
    assert (first, second) == ('"""Net, a network in PyTorch.', "")
    assert tokenize.detect_encoding(BytesIO(ran.out.encode()).readline)[0] == "utf-8"
    docstring, *rest = ast.parse(ran.out).body
    assert isinstance(docstring, ast.Expr)
    assert all(isinstance(each, (ast.ImportFrom, ast.Import, ast.Assign, ast.ClassDef)) for each in rest)


@pytest.mark.skipif(os.name == "nt", reason="devices and pipes are those of POSIX")
def test_what_is_no_file(run: Run, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.arch")
    (tmp_path / "net.arch").write_text(HEAD + "relu\n", encoding="utf-8")
    for name in ("/dev/zero", "pipe.arch"):
        ran = run("check", name)
        first = f"error[no-regular-file]: `{name}` is no regular file, and is not opened\n"
        assert (ran.status, ran.err) == (1, first)
        for command in (("shapes", name), ("compile", name), ("diagram", name, "-o", "net.dot"), ("diff", name, name)):
            ran = run(*command)
            assert (ran.status, ran.err) == (2, f"error: {name}: is no regular file\n")
    ran = run("check", "--fix", ".")
    assert ran.status == 1
    assert "`pipe.arch` is no regular file" in ran.err
    assert "net.arch: ok" in ran.out
    assert "pipe.arch: only a file can be formatted" in run("fmt", ".").err
    assert run("fmt", "/dev/zero").status == 2
    (tmp_path / "folder.arch").mkdir()
    assert run("shapes", "folder.arch").status == 2


def test_nothing_of_a_foreign_file_is_quoted(run: Run, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.arch").write_text("root:x:0:0:secret\n", encoding="utf-8")
    (home / "link.arch").symlink_to(tmp_path / "secret.arch")
    (home / "net.arch").write_text(f'from "link.arch" use a\n{HEAD}a\n', encoding="utf-8")
    ran = run("check", "home/net.arch")
    assert ran.status == 1
    assert "error[bad-import-path]" in ran.err
    assert "root" not in ran.err
