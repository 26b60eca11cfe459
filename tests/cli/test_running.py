"""From what a command raises to an exit status, and how commands are found."""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

import pytest

from archdsl.cli import main
from archdsl.cli.terminal import wants_color

from .conftest import ROOT, Run

SPEC = "arch net\ninput 3x8x8\nmaxpol\n"


def test_as_a_program(process: Run, tmp_path: Path) -> None:
    ran = process("shapes", "resnet18", "--depth", "1")
    assert ran.status == 0
    assert "11,689,512" in ran.out
    (tmp_path / "net.arch").write_text(SPEC, encoding="utf-8")
    ran = process("shapes", "net.arch")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("error[unknown-layer]: ")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_the_terminal(process: Run, encoding: str) -> None:
    variables = {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    ran = process("list", **variables)
    assert ran.status == 0
    assert process("shapes", "nothing", **variables).status == 1


def test_who_reads_may_stop() -> None:
    writing = subprocess.Popen(
        [sys.executable, "-m", "archdsl", "explain", "--all"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert writing.stdout is not None
    assert writing.stderr is not None
    writing.stdout.close()
    assert writing.stderr.read() == b""
    writing.stderr.close()
    assert writing.wait() == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_full_disk() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "archdsl", "list"], cwd=ROOT, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 2
    assert done.stderr.decode() == "error: no space left on device\n"


def test_a_crash_of_ours_is_one_line(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*arguments: object) -> None:
        raise RuntimeError("something\nbroke")

    monkeypatch.setattr("archdsl.opening.library.contents", crash)
    ran = run("list")
    assert ran.status == 3
    assert ran.err.count("\n") == 1
    assert "archdsl itself failed (RuntimeError: something broke), which is a bug of ours" in ran.err
    monkeypatch.setenv("ARCHDSL_DEBUG", "1")
    with pytest.raises(RuntimeError, match="broke"):
        run("list")


def test_interrupted(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("archdsl.opening.library.contents", interrupt)
    ran = run("list")
    assert (ran.status, ran.err.strip()) == (130, "interrupted")


def test_garbage_is_collected_again_afterwards() -> None:
    assert gc.isenabled()
    main(["list"])
    assert gc.isenabled()


def test_a_command_is_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    from archdsl.cli import commands

    text = "import click\n\n\n@click.command()\ndef command() -> int:\n    print('hello')\n    return 1\n"
    (tmp_path / "hello.py").write_text(text, encoding="utf-8")
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    assert "  hello" in run("--help").out
    ran = run("hello")
    assert (ran.status, ran.out) == (1, "hello\n")
    monkeypatch.delitem(sys.modules, "archdsl.cli.commands.hello")


class Terminal:
    def __init__(self, terminal: bool) -> None:
        self.terminal = terminal

    def isatty(self) -> bool:
        return self.terminal


@pytest.mark.parametrize(
    ("terminal", "variables", "expected"),
    [(True, {}, True), (False, {}, False), (True, {"NO_COLOR": "1"}, False), (True, {"TERM": "dumb"}, False)],
)
def test_colour(terminal: bool, variables: dict[str, str], expected: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert wants_color(Terminal(terminal)) is expected  # type: ignore[arg-type]
