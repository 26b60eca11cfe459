"""Every rule on every spec, by the text: right for all variants, formatted, and the table of it in the docs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache

import pytest

import archdsl
from archdsl.elaborate.program import Program
from archdsl.formatting import format_source
from archdsl.network import build
from archdsl.opening.imports import read_program
from archdsl.opening.reading import read_source, text_source
from archdsl.rewrite import Rewritten, rewrite, rewrites
from tests.specs.specs_under_test import SPECS, variants

COLUMNS = [(name, switch) for name, rule in rewrites().items() for switch in ("", *rule.options) if switch != "flatten"]
FILES = sorted({file for file, _ in variants()})

HEAD = """\
# Which rule does something for which spec

<!-- Made by `pytest tests/rewrite --update-goldens`; changes here are lost. -->

*yes*: the rule applies to all it is about, in every variant; what it makes was checked and formatted. *part*: it leaves
some of that, and says what. A number: why not, below. That the exact rules are exact is tried with random weights by
`tests/rewrite/test_proofs.py` on specs of every structure, and by `make proofs` on every variant.
"""


@cache
def program_of(file: str, every: bool = True) -> Program:
    """A spec with all its variants, or with three of them: the first two, and one from the middle of the table."""
    text = read_source(SPECS / file, file).text
    names = [name for each, name in variants() if each == file and name is not None]
    if not every:
        for name in {*names} - {*names[:2], names[len(names) // 2]} if names else ():
            text = re.sub(rf"^\| *{re.escape(name)} *\|.*\n", "", text, flags=re.MULTILINE)
    return read_program(text_source(text, file), SPECS)


def outcome(program: Program, rule: str, switch: str) -> Rewritten | str:
    """What a rule makes of a spec, or why nothing."""
    try:
        return rewrite(program, rule, None, None, **({switch: True} if switch else {}))
    except archdsl.ArchError as error:
        (diagnostic,) = error.diagnostics
        assert diagnostic.code in ("nothing-to-rewrite", "cannot-rewrite")
        return diagnostic.message.partition(": ")[2] or diagnostic.message


_cells: dict[tuple[str, str, str], str] = {}


@pytest.mark.parametrize("file", FILES)
def test_every_outcome_is_a_spec(file: str, request: pytest.FixtureRequest) -> None:
    before = program_of(file, request.config.getoption("--every-variant"))
    for rule, switch in COLUMNS:
        made = outcome(before, rule, switch)
        if isinstance(made, str):
            _cells[file, rule, switch] = made
            continue
        _cells[file, rule, switch] = "part" if made.draft.notes else "yes"
        source = text_source(made.text, file)
        assert format_source(source) == made.text
        after = read_program(source, SPECS)
        # The rule has built every variant already.
        for variant in {*list(after.variants)[:1], *list(after.variants)[-1:]} or {None}:
            assert build(after, variant).check() == []
        if rewrites()[rule].writes_out:
            continue
        assert list(after.variants) == list(before.variants)
        comments = [[comment.text for comment in program.file.comments] for program in (before, after)]
        assert comments[0] == comments[1]
        lines = [len(text.splitlines()) for text in (before.file.source.text, made.text)]
        assert lines[1] <= lines[0] + 10


def test_table(golden_page: Callable[[str, str], None]) -> None:
    """Last in this file, as it needs what the others found."""
    if len(_cells) < len(FILES) * len(COLUMNS):
        pytest.skip("the table needs every outcome: run the whole file")
    golden_page("rewrites-table.md", "\n".join(page()) + "\n")


def page() -> Iterator[str]:
    reasons: dict[str, int] = {}
    header = [rule + (f" `--{switch}`" if switch else "") for rule, switch in COLUMNS]
    yield HEAD
    yield f"| spec | {' | '.join(header)} |"
    yield f"|---|{'---|' * len(COLUMNS)}"
    for file in FILES:
        cells = []
        for rule, switch in COLUMNS:
            cell = _cells[file, rule, switch]
            if cell not in ("yes", "part"):
                cell = str(reasons.setdefault(cell, len(reasons) + 1))
            cells.append(cell)
        yield f"| {file.removesuffix('.arch')} | {' | '.join(cells)} |"
    yield ""
    for reason, number in reasons.items():
        yield f"{number}. {reason}"


def test_vgg_keeps_its_variants_and_grows_little() -> None:
    made = outcome(program_of("vgg.arch"), "fc-to-conv", "")
    assert isinstance(made, Rewritten)
    before = program_of("vgg.arch").file.source.text
    assert len(made.text.splitlines()) - len(before.splitlines()) <= 10
    assert all(line in made.text.splitlines() for line in before.splitlines() if line.startswith(("|", "#")))
