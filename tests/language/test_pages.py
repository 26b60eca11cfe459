"""The language reference holds: every spec of its pages gives what the page says."""

from __future__ import annotations

import re
import tempfile
from functools import cache
from pathlib import Path

import pytest
import torch
from torch import nn

from archdsl.analysis.table import Row
from archdsl.checking import check_program
from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.elaborate.program import Program
from archdsl.network import Network, build
from archdsl.opening.imports import read_program
from archdsl.opening.parameters import from_text
from archdsl.opening.reading import text_source

from ..clean_source import assert_clean
from .pages import Block, Example, blocks, examples, matches, pages, write_beside

# PyTorch says so of `padding="same"` with an even kernel, which is slow and right.
pytestmark = pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel lengths")

EXAMPLES = [example for page in pages() for example in examples(page)]
GOOD = [example for example in EXAMPLES if not any(result.kind == "error" for result in example.results)]
BAD = [example for example in EXAMPLES if example not in GOOD]
RESULTS = {
    kind: [(example, result) for example in EXAMPLES for result in example.results if result.kind == kind]
    for kind in ("shapes", "keys", "source", "error")
}
DEPTH = "depth"


def each(kind: str) -> pytest.MarkDecorator:
    found = RESULTS[kind]
    ids = [f"{example.page}:{result.line}" for example, result in found]
    return pytest.mark.parametrize(("example", "result"), found, ids=ids)


@cache
def folder(page: str) -> tempfile.TemporaryDirectory[str]:
    """Where the files of a page lie."""
    made = tempfile.TemporaryDirectory()
    write_beside(page, Path(made.name))
    return made


def program(spec: str, page: str) -> Program:
    return read_program(text_source(spec, "spec"), Path(folder(page).name))


@cache
def network(spec: str, page: str, options: tuple[tuple[str, str], ...] = ()) -> Network:
    """The network of a spec; options are a variant, an input, and values for parameters as `--set` takes them."""
    settings = dict(options)
    variant, input_ = settings.pop("variant", None), settings.pop("input", None)
    read = program(spec, page)
    return build(read, variant, from_text(read, settings), input_)


def asked(example: Example, options: dict[str, str]) -> Network:
    return network(
        example.spec.text, example.page, tuple((name, value) for name, value in options.items() if name != DEPTH)
    )


@cache
def module(made: Network) -> nn.Module:
    torch.manual_seed(0)
    return made.module().eval()


def sizes(dims: tuple[int, ...]) -> str:
    return "x".join(map(str, dims))


def shown(row: Row) -> str:
    """A row as the pages write it; a row that is no module has the name `-`."""
    times = f" ×{row.repeat}" if row.repeat > 1 else ""
    return f"{row.span or '-'} {row.layer}{times} {sizes(row.output)}"


def expanded(lines: list[str]) -> list[str]:
    """`conv1: weight bias` as two keys; a line without a colon is a key."""
    keys: list[str] = []
    for line in lines:
        prefix, colon, names = line.rpartition(": ")
        keys += [f"{prefix}.{name}" for name in names.split()] if colon else [line]
    return keys


@each("shapes")
def test_shapes(example: Example, result: Block) -> None:
    depth = result.options.get(DEPTH)
    rows = asked(example, result.options).shapes(int(depth) if depth else None).rows
    expected = [" ".join(line.split()) for line in result.lines]
    found = [shown(row) for row in rows]
    assert matches(expected, found), "\n".join(["comes out:", *found])


@each("keys")
def test_keys(example: Example, result: Block) -> None:
    found = list(module(asked(example, result.options)).state_dict())
    assert matches(expanded(result.lines), found), "\n".join(["comes out:", *found])


@each("source")
def test_source(example: Example, result: Block) -> None:
    source = asked(example, result.options).source()
    wanted = result.lines
    found = [line.strip() for line in source.splitlines()]
    assert any(found[place : place + len(wanted)] == wanted for place in range(len(found))), source


@each("error")
def test_error(example: Example, result: Block) -> None:
    found = mistakes(example, result.options)
    lines = [line for line in result.lines if not line.startswith(("note: ", "help: "))]
    remarks = [line for line in result.lines if line not in lines]
    assert [heading(diagnostic) for diagnostic in found] == lines
    known = [f"note: {note}" for diagnostic in found for note in diagnostic.notes]
    known += [f"help: {text}" for diagnostic in found for text in diagnostic.helps]
    assert all(remark in known for remark in remarks), known


def mistakes(example: Example, options: dict[str, str]) -> tuple[Diagnostic, ...]:
    """What is wrong with a spec: in all its variants, or under the given options."""
    try:
        if options:
            made = asked(example, options)
            return tuple(made.check())
        return check_program(program(example.spec.text, example.page)).diagnostics
    except ArchError as error:
        return error.diagnostics


def heading(diagnostic: Diagnostic) -> str:
    place = f"{diagnostic.at.line}:{diagnostic.at.column}" if diagnostic.at else "-"
    return f"{diagnostic.code} {place} {diagnostic.message}"


def asked_for(example: Example) -> list[dict[str, str]]:
    """Every combination of options that the page asks for, each once."""
    found = [
        {name: value for name, value in result.options.items() if name != DEPTH}
        for result in example.results
        if result.kind != "error"
    ]
    return [options for place, options in enumerate(found) if options not in found[:place]]


LIVE = [(example, options) for example in GOOD for options in asked_for(example)]
live = pytest.mark.parametrize(
    ("example", "options"), LIVE, ids=["-".join([str(example), *options.values()]) for example, options in LIVE]
)


@live
def test_module_makes_the_shape(example: Example, options: dict[str, str]) -> None:
    made = asked(example, options)
    with torch.no_grad():
        output = module(made)(torch.rand(2, *made.input))
    assert tuple(output.shape) == (2, *made.output)


@live
def test_module_has_the_weights_of_the_table(example: Example, options: dict[str, str]) -> None:
    made = asked(example, options)
    shapes, live_module = made.shapes(), module(made)
    assert sum(weight.numel() for weight in live_module.parameters()) == shapes.params
    keys = list(live_module.state_dict())
    for row in shapes.rows:
        if row.params and row.name:
            assert any(key == row.name or key.startswith(f"{row.name}.") for key in keys), (row.name, keys)


@live
def test_module_learns(example: Example, options: dict[str, str]) -> None:
    # In training an operation in place may spoil what the backward pass needs; PyTorch raises then.
    made = asked(example, options)
    model = module(made).train()
    try:
        batch = torch.rand(3, *made.input, requires_grad=True)
        made_of_it = model(batch)
        outputs = made_of_it if isinstance(made_of_it, tuple) else (made_of_it,)
        sum(output.square().mean() for output in outputs).backward()  # type: ignore[union-attr]
        missing = [name for name, weight in model.named_parameters() if weight.grad is None]
    finally:
        model.zero_grad()
        model.eval()
    assert not missing


@pytest.mark.parametrize("example", GOOD, ids=str)
def test_spec_passes_its_check(example: Example) -> None:
    read = program(example.spec.text, example.page)
    assert not check_program(read).errors


def test_sources_are_clean(tmp_path: Path) -> None:
    names: list[str] = []
    for number, (example, options) in enumerate(LIVE):
        page = re.sub(r"[^a-z0-9]+", "_", str(example).replace(".md", ""))
        names.append(f"page_{page}_{number}.py")
        (tmp_path / names[-1]).write_text(asked(example, options).source(), encoding="utf-8")
    assert_clean(tmp_path)


def test_every_spec_promises_something() -> None:
    assert [str(example) for example in EXAMPLES if not example.results] == []
    assert len(pages()) == 14


def test_the_runner_bites() -> None:
    assert matches(["a", "…", "d"], ["a", "b", "c", "d"])
    assert matches(["…"], [])
    assert not matches(["a"], ["a", "b"])
    assert not matches(["a", "b"], ["a"])
    assert not matches(["a", "…", "e"], ["a", "b", "c", "d"])
    assert expanded(["conv: weight bias", "scale"]) == ["conv.weight", "conv.bias", "scale"]
    with pytest.raises(ValueError, match="never closed"):
        list(blocks("```arch\nrelu\n"))
