"""Specs that people break, and the same ones mended by what the help says: see `broken/README.md`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
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
ROOT = HERE.parents[2]
AT_MOST = 4

SAYS_ALL = {"bad-expression", "expression-too-large", "number-too-long", "tensor-too-large"}
"""Where the message and its label say what to do, and a help would only repeat them."""


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
    status, found = checked(path, case.bad, capsys)
    assert [(each["code"], each["line"]) for each in found] == [(case.code, case.line)]
    assert (status, found[0]["severity"]) == ((1, "error") if found[0]["severity"] == "error" else (0, "warning"))
    assert found[0]["fixes"] or found[0]["helps"] or case.code in SAYS_ALL
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


MEASURED = """
import contextlib, io, json, resource, sys, time
from archdsl.cli import main
limit = int(sys.argv[1]) * 2**20
# What the process may hold of its own: more is a MemoryError.
resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
for path in sys.argv[2:]:
    out, err = io.StringIO(), io.StringIO()
    begun = time.process_time()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main(["check", path])
    took, machines = time.process_time() - begun, io.StringIO()
    with contextlib.redirect_stdout(machines):
        main(["check", path, "--output-format", "json"])
    has_fix = any(json.loads(line)["fixes"] for line in machines.getvalue().splitlines())
    print(json.dumps([status, took, out.getvalue() + err.getvalue(), has_fix]))
# Not by getrusage, whose peak a process inherits from the one that started it.
with open("/proc/self/status") as file:
    print(next(int(line.split()[1]) // 1024 for line in file if line.startswith("VmHWM:")))
"""
"""A process that checks specs one by one. Its peak is no less than that of any one of them."""

MEGABYTES = 300


def test_none_takes_a_second_or_much_memory(tmp_path: Path) -> None:
    errors = [case for case in cases() if kinds()[case.code].severity == "error"]
    for place, case in enumerate(errors):
        (tmp_path / f"{place}.arch").write_bytes(case.bad.encode())
    done = subprocess.run(
        [sys.executable, "-c", MEASURED, str(MEGABYTES), *(f"{place}.arch" for place in range(len(errors)))],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    *lines, peak = done.stdout.splitlines()
    assert int(peak) < MEGABYTES
    fixed_by_machine = 0
    for case, line in zip(errors, lines, strict=True):
        status, seconds, said, has_fix = json.loads(line)
        fixed_by_machine += has_fix and case.code != "syntax"
        assert status == 1, case.title
        assert seconds < 1, case.title
        assert f"error[{case.code}]: " in said
        assert "Traceback" not in said
    # Each of these fixes makes the mended spec, which passes: see above.
    assert fixed_by_machine >= 100


def test_every_case_is_another_way() -> None:
    errors = [case for case in cases() if kinds()[case.code].severity == "error"]
    specific = [case for case in errors if case.code != "syntax"]
    assert len(errors) >= 120
    assert len(specific) >= 100
    codes = Counter(case.code for case in cases())
    assert not set(codes) - set(kinds())
    assert {code: count for code, count in codes.items() if count > AT_MOST} == {}
    assert len({case.bad for case in cases()}) == len(cases())
