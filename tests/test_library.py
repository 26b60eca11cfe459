"""Which file a name means, and how files are read."""

from __future__ import annotations

from pathlib import Path

import pytest

import archdsl
from archdsl import ArchError
from archdsl.limits import USUAL
from archdsl.opening import library
from archdsl.opening.imports import read_program
from archdsl.opening.library import contents, find, variant_names
from archdsl.opening.reading import read_source

SPEC = "arch mine\ninput 3x8x8\nconv3-8\n"


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Names work from any folder, so that the tests run in an empty one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("name", "file", "variant"),
    [
        ("vgg16.arch", "vgg16.arch", None),
        ("vgg16", "vgg.arch", "vgg16"),
        ("vgg.arch", "vgg.arch", None),
        ("vgg", "vgg.arch", None),
        ("resnet", "resnet.arch", None),
        ("resnet50", "resnet.arch", "resnet50"),
        ("vgg16_bn", "vgg.arch", "vgg16_bn"),
    ],
)
def test_names(name: str, file: str, variant: str | None) -> None:
    for given in (name, Path(name)):
        found = find(given)
        assert (found.path.name, found.variant) == (file, variant)


def test_vgg16_is_column_d() -> None:
    assert archdsl.load("vgg16").parameters["config"] == "D"
    assert archdsl.load("vgg16").shapes().params == archdsl.load("vgg16.arch").shapes().params == 138_357_544


@pytest.mark.parametrize("name", ["vgg16.arch", "resnet50"])
def test_a_file_that_exists_wins(elsewhere: Path, name: str) -> None:
    (elsewhere / name).write_text(SPEC, encoding="utf-8")
    assert archdsl.load(name).name == "mine"
    assert archdsl.load(elsewhere / name).name == "mine"


def test_a_folder_of_that_name_does_not(elsewhere: Path) -> None:
    (elsewhere / "resnet50").mkdir()
    assert archdsl.load("resnet50").variant == "resnet50"
    (elsewhere / "mine.arch").mkdir()
    with pytest.raises(IsADirectoryError, match=r"is a folder, not a spec: .mine\.arch"):
        archdsl.load("mine.arch")


@pytest.mark.parametrize(
    ("name", "help_"),
    [
        ("vg16_bn", "a spec with a similar name exists: `vgg16_bn`"),
        ("vggg.arch", "a spec with a similar name exists: `vgg.arch`"),
        ("folder/resnet50", "a spec with a similar name exists: `resnet50`"),
        ("zzz", "`archdsl list` shows all names"),
    ],
)
def test_unknown_names(name: str, help_: str) -> None:
    with pytest.raises(ArchError) as raised:
        find(name)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "unknown-spec"
    assert diagnostic.helps[0].startswith(help_)


def test_the_names_found_by_line_are_those_of_the_parser() -> None:
    for listed in contents():
        program = read_program(read_source(listed.path))
        assert listed.variants == tuple(program.variants)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("variants\n| name |\n| a |\n| b |\n", ["a", "b"]),
        (
            "variants  # the paper's\n\n# more\n"
            '| width | name |\n|---|:--|\n| 8 | a | \n| 9 | "b-c" |\n\n| 1 | no |\n',
            ["a", "b-c"],
        ),
        ("variants\n| width |\n| 8 |\n", []),
        ("table\n| name |\n| a |\n", []),
        ("# variants\n| name |\n| a |\n", []),
        ("", []),
    ],
)
def test_names_by_line(text: str, names: list[str]) -> None:
    assert variant_names(text) == names


def test_finding_a_variant_parses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*arguments: object) -> None:
        raise AssertionError("parsed")

    monkeypatch.setattr("archdsl.syntax.parser.parse", refuse)
    monkeypatch.setattr("archdsl.opening.imports.parse", refuse)
    assert find("resnet50").variant == "resnet50"


def test_every_listed_name_is_found() -> None:
    for listed in contents():
        for name in (listed.path.name, *listed.variants):
            assert find(name).path == listed.path


def test_specs_inside_the_package_come_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "archdsl"
    (package / "specs").mkdir(parents=True)
    monkeypatch.setattr(library, "__file__", str(package / "opening" / "library.py"))
    assert library.folder.__wrapped__() == package / "specs"
    (package / "specs").rmdir()
    assert library.folder.__wrapped__() == tmp_path / "specs"


@pytest.mark.parametrize("data", [SPEC.encode(), b"\xef\xbb\xbf" + SPEC.encode(), SPEC.replace("\n", "\r\n").encode()])
def test_encodings(elsewhere: Path, data: bytes) -> None:
    (elsewhere / "net.arch").write_bytes(data)
    assert read_source(Path("net.arch")).text == SPEC


@pytest.mark.parametrize(
    ("data", "message", "line", "column"),
    [
        (b"arch net\r\n# caf\xe9\r\n", "`net.arch` is not UTF-8", 2, 6),
        (b"arch net\n\xff\xfe", "`net.arch` is not UTF-8", 2, 1),
        (b"arch net\rinput 3\r", "a carriage return stands alone", 1, 9),
        (b"arch net\ninput\x00 3\n", "a NUL character is no text", 2, 6),
    ],
)
def test_what_is_no_text(elsewhere: Path, data: bytes, message: str, line: int, column: int) -> None:
    (elsewhere / "net.arch").write_bytes(data)
    with pytest.raises(ArchError) as raised:
        archdsl.load("net.arch")
    (diagnostic,) = raised.value.diagnostics
    assert (diagnostic.code, diagnostic.message) == ("unreadable-text", message)
    assert diagnostic.at is not None
    assert (diagnostic.at.line, diagnostic.at.column) == (line, column)


def test_a_file_that_is_too_large(elsewhere: Path) -> None:
    largest = SPEC + "#" * (USUAL.bytes - len(SPEC))
    (elsewhere / "net.arch").write_text(largest, encoding="utf-8")
    assert archdsl.load("net.arch").name == "mine"
    (elsewhere / "net.arch").write_text(largest + "#", encoding="utf-8")
    with pytest.raises(ArchError, match="file-too-large"):
        archdsl.load("net.arch")
