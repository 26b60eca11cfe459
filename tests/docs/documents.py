"""The fenced blocks of README and docs: files to write, and commands to run."""

from __future__ import annotations

import re
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
OMITTED = "…"

_FENCE = re.compile(r"^```(?P<kind>[a-z]+)(?: file=(?P<file>\S+))?\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Command:
    """A line behind `$`, and the lines that must come of it; no lines where none are shown."""

    text: str
    line: int
    output: list[str] = field(default_factory=list)

    @property
    def arguments(self) -> list[str] | None:
        """What to run: `archdsl …` and `python -c …`, and None for any other command."""
        words = shlex.split(self.text, comments=True)
        if words[0] == "archdsl":
            return [sys.executable, "-m", "archdsl", *words[1:]]
        if words[:2] == ["python", "-c"]:
            return [sys.executable, *words[1:]]
        return None

    @property
    def status(self) -> int:
        """What it ends with: 1 where the page shows a mistake, and nothing else may."""
        shows_mistake = any(line.startswith("error[") for line in self.output) and "explain" not in self.text
        return 1 if shows_mistake else 0

    @property
    def installs(self) -> str | None:
        """The extra of archdsl that it installs, which is empty for archdsl alone; None for any other command."""
        found = re.fullmatch(r"pip install -e '?\.(?:\[(\w+)\])?'?", self.text)
        return None if found is None else found[1] or ""


@dataclass(frozen=True)
class File:
    """A block with a file name, which is there for the commands behind it."""

    name: str
    text: str


def pattern(lines: list[str]) -> str:
    """A regular expression for lines of output, where a line `…` stands for any lines, or none."""
    return "".join(r"(?:.*\n)*?" if line == OMITTED else re.escape(line.rstrip()) + r"[ \t]*\n" for line in lines)


def matches(lines: list[str], output: str) -> bool:
    """Whether lines of output are those that a page shows."""
    return re.fullmatch(pattern(lines), output if output.endswith("\n") else output + "\n") is not None


def documents() -> list[Path]:
    """Every page that may hold commands."""
    found = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "benchmarks/README.md")]
    return found + sorted((ROOT / "docs").rglob("*.md"))


def steps(path: Path) -> list[Command | File]:
    """The files and commands of a page, in order."""
    text = path.read_text(encoding="utf-8")
    found: list[Command | File] = []
    for match in _FENCE.finditer(text):
        if match["file"]:
            found.append(File(match["file"], match["text"]))
        elif match["kind"] == "console":
            start = text.count("\n", 0, match.start()) + 2
            for number, line in enumerate(match["text"].splitlines(), start):
                if line.startswith("$ "):
                    found.append(Command(line[2:], number))
                else:
                    command = found[-1]
                    assert isinstance(command, Command), f"{path.name}:{number}: output without a command"
                    command.output.append(line)
    return found
