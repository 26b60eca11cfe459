"""Commands run nothing of a spec, start nothing, connect to nothing, and read nothing outside of its folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WATCHED = Path(__file__).with_name("watched.py")

WORD = "canary4711"
"""A word that nothing but the spec has."""

SPEC = f'''\
# {WORD} """ \\ print({WORD})
from "blocks.arch" use {WORD}b
arch {WORD}(c = 4, s = "{WORD}")
input 3x16x16
"{WORD}{{1 + 1}}": {WORD}b(c) x2
m1: conv3-{{c * 2}} bn relu   concat<@m1 | identity>
if {{s == "{WORD}"}} [gap fc-3] else [gap fc-4]
expect output == 3
'''
BLOCKS = f"block {WORD}b(c) = [conv3-{{c}} bn relu]\n"

COMMANDS = [
    ("check", "net.arch"),
    ("check", "--output-format", "json", "broken.arch"),
    ("shapes", "net.arch", "--explain", "--receptive-field"),
    ("compile", "net.arch", "-o", "net.py"),
    ("compile", "net.arch"),
    ("diagram", "net.arch", "-o", "net.dot"),
    ("fmt", "net.arch"),
    ("fmt", "--diff", "net.arch", "broken.arch"),
]


def watched(folder: Path, *command: str, plant: str = "") -> tuple[int, list[str]]:
    """The exit status of a command in a folder, and what it did that it may not do."""
    (folder / "net.arch").write_text(SPEC, encoding="utf-8")
    (folder / "blocks.arch").write_text(BLOCKS, encoding="utf-8")
    (folder / "broken.arch").write_text(SPEC + f"{WORD} [\n", encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(WATCHED), str(folder), WORD, plant, *command],
        cwd=folder,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    status, *found = done.stdout.splitlines()
    return int(status), [line for line in found if line]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_command_only_reads_and_writes(tmp_path: Path, command: tuple[str, ...]) -> None:
    status, found = watched(tmp_path, *command)
    assert found == []
    assert status == ("broken.arch" in command)


PLANTS = {
    "opens another file": ("open('/etc/hostname').close()", "open /etc/hostname"),
    "lists another folder": ("import os; os.listdir('/')", "os.listdir /"),
    "starts a program": ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
    "starts a shell": ("import os; os.system('true')", "os.system"),
    "opens a socket": ("import socket; socket.socket().close()", "socket.__new__"),
    "runs text of the spec": (
        "from archdsl.elaborate.expressions import Evaluator as E\n"
        "old = E._evaluate\n"
        "def new(self, node, scope, shape):\n"
        "    exec('x = ' + repr(node.span.text))\n"
        "    return old(self, node, scope, shape)\n"
        "E._evaluate = new",
        "compile",
    ),
}


@pytest.mark.parametrize(("plant", "seen"), PLANTS.values(), ids=PLANTS)
def test_a_planted_violation_is_seen(tmp_path: Path, plant: str, seen: str) -> None:
    status, found = watched(tmp_path, "check", "net.arch", plant=plant)
    assert status == 0
    assert any(line.startswith(seen) for line in found), found
