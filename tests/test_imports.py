"""Blocks from other files: which files may be read, and what is said of those that may not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archdsl import ArchError, load, loads
from archdsl.limits import USUAL

NET = 'from "{path}" use unit\narch net\ninput 3x8x8\nunit unit\n'
UNIT = "block unit = [conv3-8 relu]\n"


def net(folder: Path, path: str) -> Path:
    spec = folder / "net.arch"
    spec.write_text(NET.format(path=path), encoding="utf-8")
    return spec


def code(spec: Path) -> str:
    with pytest.raises(ArchError) as raised:
        load(spec)
    (diagnostic,) = raised.value.diagnostics
    assert str(raised.value).startswith("error[")
    return diagnostic.code


def test_a_folder_below(tmp_path: Path) -> None:
    (tmp_path / "parts" / "deep").mkdir(parents=True)
    (tmp_path / "parts" / "units.arch").write_text('from "deep/inner.arch" use unit\n', encoding="utf-8")
    (tmp_path / "parts" / "deep" / "inner.arch").write_text(UNIT, encoding="utf-8")
    assert load(net(tmp_path, "parts/units.arch")).output == (8, 8, 8)


def test_a_file_that_two_others_need_gives_one_class(tmp_path: Path) -> None:
    (tmp_path / "unit.arch").write_text(UNIT, encoding="utf-8")
    for name in ("a", "b"):
        (tmp_path / f"{name}.arch").write_text(
            f'from "unit.arch" use unit\nblock {name} = [unit x2]\n', encoding="utf-8"
        )
    spec = tmp_path / "net.arch"
    spec.write_text(
        'from "a.arch" use a\nfrom "b.arch" use b\nfrom "unit.arch" use unit\narch net\ninput 3x8x8\na b unit\n',
        encoding="utf-8",
    )
    assert load(spec).source().count("class Unit") == 1


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "/etc/x.arch",
        "../x.arch",
        "a/../../x.arch",
        "./x.arch",
        ".x.arch",
        "a//x.arch",
        "a\\x.arch",
        "",
        "c:x.arch",
        "x.txt",
        "x",
        "http://a/x.arch",
        "a/",
    ],
)
def test_a_path_that_leaves_the_folder_or_names_no_spec(tmp_path: Path, path: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "x.arch").write_text(UNIT, encoding="utf-8")
    assert code(net(home, path)) == "bad-import-path"


def test_a_path_with_what_can_not_be_seen(tmp_path: Path) -> None:
    assert code(net(tmp_path, "a\x1b[31m.arch")) == "hidden-character"


def test_a_link_that_leaves_the_folder(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "secret.arch").write_text("root:secret\n", encoding="utf-8")
    (home / "x.arch").symlink_to(tmp_path / "secret.arch")
    (home / "out").symlink_to(tmp_path)
    spec = net(home, "x.arch")
    assert code(spec) == "bad-import-path"
    with pytest.raises(ArchError) as raised:
        load(spec)
    assert "secret" not in str(raised.value)
    assert code(net(home, "out/secret.arch")) == "bad-import-path"
    (home / "inside.arch").write_text(UNIT, encoding="utf-8")
    (home / "y.arch").symlink_to(home / "inside.arch")
    assert load(net(home, "y.arch")).output == (8, 8, 8)


def test_what_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "folder.arch").mkdir()
    os.mkfifo(tmp_path / "pipe.arch")
    (tmp_path / "loop.arch").symlink_to(tmp_path / "loop.arch")
    for name in ("folder.arch", "pipe.arch", "loop.arch", "none.arch"):
        assert code(net(tmp_path, name)) == "import-not-found"


def test_a_file_that_is_no_spec(tmp_path: Path) -> None:
    (tmp_path / "x.arch").write_bytes(b"\xff\xfe")
    assert code(net(tmp_path, "x.arch")) == "unreadable-text"
    (tmp_path / "x.arch").write_text("block unit = [", encoding="utf-8")
    with pytest.raises(ArchError, match="brought in here"):
        load(net(tmp_path, "x.arch"))


def test_a_spec_that_brings_from_itself(tmp_path: Path) -> None:
    spec = net(tmp_path, "net.arch")
    assert code(spec) == "import-cycle"


def test_many_files_that_name_each_other_twice_are_read_once(tmp_path: Path) -> None:
    last = USUAL.files - 20
    for number in range(last):
        below = f"f{number + 1}.arch"
        (tmp_path / f"f{number}.arch").write_text(
            f'from "{below}" use unit\nfrom "{below}" use other\n', encoding="utf-8"
        )
    (tmp_path / f"f{last}.arch").write_text(UNIT + "block other = [relu]\n", encoding="utf-8")
    assert load(net(tmp_path, "f0.arch")).output == (8, 8, 8)


def test_a_text_has_no_folder() -> None:
    with pytest.raises(ArchError, match="no folder"):
        loads(NET.format(path="unit.arch"))
