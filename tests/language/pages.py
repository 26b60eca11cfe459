"""The pages of the language reference, taken apart: each spec with the results that it must give.

A page is prose with fenced blocks. An `arch` block is a whole spec, and the blocks behind it, up to the next
spec, say what comes out: `shapes`, `keys`, `source` or `error`. README.md beside this file has the notation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = ("shapes", "keys", "source", "error")
OMITTED = "…"

_FENCE = re.compile(r"^```(?P<kind>[a-z]*)(?P<options>[^\n]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block. `options` are what stands behind its kind: `variant=small input=3x8x8`."""

    kind: str
    options: dict[str, str]
    text: str
    line: int

    @property
    def lines(self) -> list[str]:
        """The lines that say something."""
        return [line.strip() for line in self.text.splitlines() if line.strip()]


@dataclass(frozen=True)
class Example:
    """A spec of a page and what it must give."""

    page: str
    spec: Block
    results: list[Block] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.page}:{self.spec.line}"


def pages() -> list[Path]:
    """The chapters, in their order."""
    return sorted(path for path in HERE.glob("*.md") if path.name != "README.md")


def blocks(text: str) -> Iterator[Block]:
    """The fenced blocks of a page. Raises ValueError for a fence that is never closed."""
    if len(re.findall(r"^```", text, re.MULTILINE)) != 2 * len(_FENCE.findall(text)):
        raise ValueError("a fence is never closed, or its first line is not understood")
    for match in _FENCE.finditer(text):
        options = dict(option.split("=", 1) for option in match["options"].split())
        yield Block(match["kind"], options, match["text"], text.count("\n", 0, match.start()) + 2)


def examples(path: Path) -> list[Example]:
    """The specs of a page. Raises ValueError for a result without a spec, or a block of an unknown kind."""
    found: list[Example] = []
    for block in blocks(path.read_text(encoding="utf-8")):
        if is_beside(block):
            continue
        if block.kind == "arch":
            found.append(Example(path.name, block))
        elif block.kind in RESULTS and found:
            found[-1].results.append(block)
        else:
            raise ValueError(f"{path.name}:{block.line}: a block of kind `{block.kind}` can't stand here")
    return found


def is_beside(block: Block) -> bool:
    """Whether a block is a file that the page's specs bring blocks from."""
    return block.kind == "arch" and "file" in block.options


def write_beside(page: str, folder: Path) -> None:
    """Put the files of a page, which its specs bring blocks from, into a folder."""
    for block in blocks((HERE / page).read_text(encoding="utf-8")):
        if is_beside(block):
            (folder / block.options["file"]).write_text(block.text, encoding="utf-8")


def matches(expected: list[str], found: list[str]) -> bool:
    """Whether lines are as expected, where a line `…` stands for any lines, or none."""
    if not expected:
        return not found
    first, *rest = expected
    if first == OMITTED:
        return any(matches(rest, found[start:]) for start in range(len(found) + 1))
    return bool(found) and first == found[0] and matches(rest, found[1:])
