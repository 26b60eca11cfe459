"""Every kind of mistake: documented, and shown by a spec that has it and one that doesn't."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from archdsl.catalogue import kinds
from archdsl.checking import check_program
from archdsl.cli import main
from archdsl.diagnostics import ArchError, Diagnostic, render, render_all
from archdsl.limits import USUAL
from archdsl.network import build
from archdsl.opening.imports import read_program
from archdsl.opening.reading import text_source

RENDERED = Path(__file__).parent / "rendered"

OTHER_TESTS = [
    path.read_text(encoding="utf-8")
    for path in Path(__file__).parents[1].rglob("test_*.py")
    if path.name != Path(__file__).name
]

# A file of that size is shown nowhere but here.
TOO_LARGE = "file-too-large"


def mistakes(text: str, beside: Mapping[str, str], folder: Path) -> list[Diagnostic]:
    """What `archdsl check` says of a spec, and what `archdsl compile` does if that is nothing."""
    for name, other in beside.items():
        (folder / name).write_text(other, encoding="utf-8")
    try:
        program = read_program(text_source(text, "spec.arch"), folder)
        found = check_program(program).diagnostics
        if not found and not program.is_library:
            build(program).source()
    except ArchError as error:
        return list(error.diagnostics)
    return list(found)


@pytest.mark.parametrize("code", kinds())
def test_every_kind_is_documented(code: str) -> None:
    kind = kinds()[code]
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)
    assert kind.__doc__
    assert kind.__doc__.strip().endswith(".")
    assert bool(kind.bad) == bool(kind.mended)
    if not kind.bad and kind.asked is None:
        # What takes a file of weights or a run to show is shown by a test of its own.
        assert any(re.search(rf"(?<![\w-]){code}(?![\w-])", text) for text in OTHER_TESTS)


def held(code: str, text: str, update: bool) -> None:
    """Compare with the text that is kept for a code, or keep it."""
    path = RENDERED / f"{code}.txt"
    if update:
        path.write_text(text + "\n", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text + "\n"


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-goldens"))


@pytest.mark.parametrize("code", [code for code, kind in kinds().items() if kind.asked])
def test_every_kind_is_shown_by_its_commands(code: str, update: bool, capsys: pytest.CaptureFixture[str]) -> None:
    asked = kinds()[code].asked
    assert asked is not None
    bad, mended = (command.split()[1:] for command in asked)
    assert main(bad) == 1
    shown = capsys.readouterr()
    assert shown.out == ""
    held(code, shown.err.rstrip("\n"), update)
    assert main(mended) == 0


def test_a_file_that_is_too_large(tmp_path: Path, update: bool, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "spec.arch"
    path.write_bytes(b"#" * (USUAL.bytes + 1))
    assert main(["check", str(path)]) == 1
    held(TOO_LARGE, capsys.readouterr().err.rstrip("\n").replace(str(path), path.name), update)
    path.write_bytes(b"arch net\ninput 3x8x8\nrelu\n".ljust(USUAL.bytes, b"#"))
    assert main(["check", str(path)]) == 0


def test_nothing_else_is_kept() -> None:
    shown = {code for code, kind in kinds().items() if kind.bad or kind.asked}
    assert {path.stem for path in RENDERED.iterdir()} == {*shown, TOO_LARGE}


@pytest.mark.parametrize("code", [code for code, kind in kinds().items() if kind.bad])
def test_every_kind_is_shown_by_its_specs(code: str, tmp_path: Path, update: bool) -> None:
    kind = kinds()[code]
    found = mistakes(kind.bad, kind.beside, tmp_path)
    assert code in [each.code for each in found]
    held(code, render_all(found), update)
    assert mistakes(kind.mended, kind.beside, tmp_path) == []
    for each in found:
        assert not each.message.endswith(".")
        assert render(each).startswith(f"{each.severity}[{each.code}]: ")
