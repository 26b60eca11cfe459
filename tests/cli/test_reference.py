"""The commands that say what there is: `list`, `layers`, `explain`, `schema`, and help."""

from __future__ import annotations

import json

import pytest

from archdsl.diagnostics import Diagnostic
from archdsl.ir.document import schema
from archdsl.layers.base import keywords
from archdsl.merges.base import joins

from .conftest import Run


def test_list(run: Run) -> None:
    ran = run("list")
    assert ran.status == 0
    lines = {line.split()[0]: line.split()[1:] for line in ran.out.splitlines()}
    assert lines["resnet.arch"][:5] == ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"]
    assert lines["vgg16.arch"] == []
    assert {"vgg11", "vgg16", "vgg16_bn", "vgg16_c", "vgg11_lrn"} <= set(lines["vgg.arch"])


def test_layers(run: Run) -> None:
    ran = run("layers")
    assert ran.status == 0
    heads = [line.split()[0] for line in ran.out.splitlines()]
    assert len(heads) == len(keywords()) + len(joins())
    assert "conv{kernel}-{channels}[/stride]" in heads
    for line in ran.out.splitlines():
        assert "  " in line, f"{line} has no summary"


def test_one_layer(run: Run) -> None:
    ran = run("layers", "maxpool")
    assert ran.status == 0
    assert ran.out.startswith("maxpool[kernel][/stride]")
    assert "nn.MaxPool2d" in ran.out


def test_a_layer_that_is_none(run: Run) -> None:
    ran = run("layers", "maxpol")
    assert ran.status == 1
    assert "error[unknown-layer]: there is no layer `maxpol`" in ran.err
    assert "`maxpool`" in ran.err


def test_explain(run: Run) -> None:
    ran = run("explain", "shape-too-small")
    assert ran.status == 0
    assert ran.out == (
        "error[shape-too-small]\n\nA window doesn't fit into its input, so that nothing would come out.\n\n"
        "A spec that has it:\n\n    arch net\n    input 1x4x4\n    maxpool x3\n\n"
        "Mended:\n\n    arch net\n    input 1x4x4\n    maxpool x2\n"
    )


def test_explain_all(run: Run) -> None:
    ran = run("explain", "--all")
    assert ran.status == 0
    for kind in Diagnostic.catalogue():
        assert f"{kind.severity}[{kind.code}]\n" in ran.out
    assert "\x00" not in ran.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["shape-to-small"], "perhaps `shape-too-small`"),
        ([], "give a code, or --all"),
        (["syntax", "--all"], "give a code, or --all"),
    ],
)
def test_explain_nothing(run: Run, arguments: list[str], said: str) -> None:
    ran = run("explain", *arguments)
    assert ran.status == 2
    assert said in ran.err


def test_schema(run: Run) -> None:
    ran = run("schema")
    assert ran.status == 0
    assert json.loads(ran.out) == schema()


def test_help_names_every_command(run: Run) -> None:
    ran = run("--help")
    assert ran.status == 0
    for name in ("check", "compile", "diagram", "explain", "layers", "list", "schema", "shapes"):
        assert f"\n  {name} " in ran.out
        assert run(name, "--help").out.startswith(f"Usage: archdsl {name} ")
    assert "..." not in ran.out.replace("[ARGS]...", ""), "the first sentence of a command's help must fit on its line"


def test_version(run: Run) -> None:
    assert run("--version").out == "archdsl 0.1.0\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["shpaes"], "there is no command `shpaes`; perhaps `shapes`"), (["--nothing"], "No such option")],
)
def test_wrong_usage(run: Run, arguments: list[str], said: str) -> None:
    ran = run(*arguments)
    assert ran.status == 2
    assert said in ran.err
