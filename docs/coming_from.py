"""What people write who come from elsewhere, and what `archdsl check` answers: for the page and for its test."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from archdsl.checking import check_text
from archdsl.diagnostics import Source
from archdsl.record import record


@record
class Answer:
    """What is said of a spec: its helps, and whether a fix is made without asking, offered, or neither."""

    codes: tuple[str, ...]
    helps: tuple[str, ...]
    fix: str


def read_phrases(path: Path) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Titles, each with what is written and what the answer has to name; `⏎` stands for a line end."""
    for part in re.split(r"^== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        title, *lines = part.strip().splitlines()
        rows = (line.split(" => ") for line in lines if line.strip())
        yield title, [(written.strip().replace(" ⏎ ", "\n"), wanted.strip()) for written, wanted in rows]


def spec_with(written: str) -> str:
    """A spec in which something is written where it belongs: as the whole, as the input, or among layers."""
    if written.startswith("arch"):
        return f"{written}\ninput 3x64x64\nrelu\n"
    if written.startswith("input"):
        return f"arch net\n{written}\ngap\n"
    if re.search(r"cat|add|mul|skip|Add|Mul", written):
        return f"arch net(classes = 10)\ninput 64x64x64\na: conv3-64\nb: relu\n{written}\n[relu fc-{{classes}}]\n"
    # An activation between them, so that neither is about the other.
    behind = (
        ""
        if re.search(r"(?i)view|dense|linear|fc|connected|softmax|flatten|gap|global|product", written)
        else "conv1-64\n"
    )
    return f"arch net(classes = 10)\ninput 64x64x64\nrelu\n{written}\nrelu\n{behind}fc-{{classes}}\n"


def answer(spec: str) -> Answer:
    """What `archdsl check` says first of a spec, with all that stands on the same line."""
    found = check_text(Source("net.arch", spec), None).diagnostics
    if not found:
        return Answer((), (), "")
    first = found[0]
    here = [each for each in found if each.at and first.at and each.at.line == first.at.line]
    fixes = first.fixes
    fix = "made" if fixes and all(each.safe for each in fixes) else "offered" if fixes else "-"
    return Answer(tuple(each.code for each in here), tuple(help for each in here for help in each.helps), fix)
