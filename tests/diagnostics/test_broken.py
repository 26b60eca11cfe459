"""Specs that people break, and the same ones mended by what the help says: see `broken/README.md`."""

from __future__ import annotations

import json
import re
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from archdsl.catalogue import kinds
from archdsl.cli import main
from archdsl.diagnostics import ArchError
from archdsl.network import loads

HERE = Path(__file__).parent / "broken"
AT_MOST = 4


@dataclass(frozen=True)
class Case:
    title: str
    code: str
    line: int
    bad: str
    mended: str


def cases() -> list[Case]:
    found = []
    for path in sorted(HERE.glob("*.txt")):
        for text in re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title, body = text.split("\n", 1)
            heading = re.fullmatch(r"([a-z-]+) ([0-9]+): (.+)", title)
            assert heading is not None, f"{path.name}: {title}"
            bad, mended = (_unescaped(part) for part in body.split("-- mended\n"))
            found.append(
                Case(f"{path.stem}: {heading[3]}", heading[1], int(heading[2]), bad, mended.rstrip("\n") + "\n")
            )
    return found


def _unescaped(text: str) -> str:
    return re.sub(r"\\u([0-9a-f]{4})", lambda match: chr(int(match[1], 16)), text)


def checked(path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[dict[str, Any]]]:
    path.write_bytes(text.encode())
    status = main(["check", str(path), "--output-format", "json"])
    out, err = capsys.readouterr()
    assert err == ""
    return status, [json.loads(line) for line in out.splitlines()]


def fixed(text: str, fixes: list[dict[str, Any]]) -> str:
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    for fix in sorted(fixes, key=lambda fix: (-fix["line"], -fix["column"])):
        start = starts[fix["line"] - 1] + fix["column"] - 1
        end = starts[fix["end_line"] - 1] + fix["end_column"] - 1
        text = text[:start] + fix["replacement"] + text[end:]
    return text


@pytest.fixture(scope="module", autouse=True)
def loaded() -> None:
    """What is imported at the first mistake is not counted to it."""
    with pytest.raises(ArchError):
        loads("arch net\ninput 3x8x8\nrelu ]\n")


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.title)
def test_said_once_in_its_place_and_mended(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.arch"
    begun = time.perf_counter()
    status, found = checked(path, case.bad, capsys)
    took = time.perf_counter() - begun
    assert [(each["code"], each["line"]) for each in found] == [(case.code, case.line)]
    assert (status, found[0]["severity"]) == ((1, "error") if found[0]["severity"] == "error" else (0, "warning"))
    assert took < 1
    if found[0]["fixes"]:
        assert fixed(case.bad, found[0]["fixes"]) == case.mended
    assert checked(path, case.mended, capsys) == (0, [])


@pytest.mark.parametrize("case", cases()[::5], ids=lambda case: case.title)
def test_shown_to_a_person(case: Case, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.arch"
    path.write_bytes(case.bad.encode())
    main(["check", str(path)])
    shown = capsys.readouterr().err
    assert f"[{case.code}]: " in shown
    assert "Traceback" not in shown
    assert all(character.isprintable() or character == "\n" for character in shown)


def test_every_case_is_another_way() -> None:
    assert len(cases()) >= 60
    codes = Counter(case.code for case in cases())
    assert not set(codes) - set(kinds())
    assert {code: count for code, count in codes.items() if count > AT_MOST} == {}
    assert len({case.bad for case in cases()}) == len(cases())
