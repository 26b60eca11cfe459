"""Limits: what asks for too much is told so before it is made, and each limit may be raised."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

import archdsl
from archdsl.cli import main
from archdsl.diagnostics import ArchError
from archdsl.limits import USUAL, Limits, meanings

HEAD = "arch net\ninput 3x8x8\n"


def levels(count: int, body: str, first: str) -> str:
    """Blocks within blocks, each of which has two of the one before."""
    blocks = [f"block b0_ = [{first}]\n"]
    blocks += [f"block b{level}_ = [{body.replace('%', f'b{level - 1}_')}]\n" for level in range(1, count + 1)]
    return HEAD + "".join(blocks) + f"b{count}_\n"


def code(text: str, **limits: int) -> str:
    """The code of the mistake of a text; empty where there is none."""
    try:
        network = archdsl.loads(text, limits=Limits(**limits))
        network.shapes().to_text()
        network.source()
    except ArchError as error:
        (diagnostic,) = error.diagnostics
        return diagnostic.code
    return ""


@pytest.mark.parametrize(
    ("text", "expected"),
    {
        "forty levels that change the shape": (levels(40, "% %", "conv1-{in_channels + 1}"), "too-many-calls"),
        "forty levels that keep it": (levels(40, "% %", "conv1-3"), ""),
        "fifty levels that keep it": (levels(50, "% %", "conv1-3"), "too-many-parameters"),
        "branches of two": (levels(40, "concat<% | %>", "relu"), "tensor-too-large"),
        "layers handed over twice": (
            HEAD
            + "block b0_<p | q> = [p q]\n"
            + "".join(f"block b{i}_<p | q> = [b{i - 1}_<p q | q p>]\n" for i in range(1, 30))
            + "b29_<conv1-3 relu | relu bn>\n",
            "too-many-steps",
        ),
        "a billion equal turns": (HEAD + "[conv3-3] x1000000000\n", ""),
        "a billion named turns": (HEAD + "[layer{i}: conv3-3 x1000000000 as i]\n", ""),
        "a billion turns that differ": (HEAD + "[conv1-{in_channels + 1}] x1000000000\n", "too-many-layers"),
        "a billion turns that ask for their number": (HEAD + "[conv3-{i + 1}] x1000000000 as i\n", "too-many-layers"),
        "turns that are called by name": (
            HEAD + "[l{i}: conv3-3 x10000 as i] add<@l3 | identity>\n",
            "too-many-steps",
        ),
        "more weights than atoms": (HEAD + f"[conv3-3] x{'9' * 39}\n", "too-many-parameters"),
        "a long range": (HEAD + "for i in {range(10 ** 9)} [relu]\n", "list-too-long"),
        "a range beyond Python's": (HEAD + "for i in {range(10 ** 30)} [relu]\n", "list-too-long"),
        "a long loop": (HEAD + "for i in {range(99999)} [relu]\n", "too-many-layers"),
        "loops in loops": (HEAD + "for i in {range(9999)} [for j in {range(9999)} [let a = {1}]]\n", "too-many-steps"),
        "lists in comprehensions": (
            HEAD + "let a = {[[1 for i in range(999)] for j in range(999)]}\nrelu\n",
            "too-many-steps",
        ),
        "a long list": (HEAD + "let a = {[0] * 10 ** 9}\nrelu\n", "list-too-long"),
        "lists in lists": (HEAD + "let a = {[0] * 9999}\nlet b = {[a] * 9999}\nrelu\n", "list-too-long"),
        "a power": (HEAD + "let a = {2 ** 10 ** 9}\nrelu\n", "expression-too-large"),
        "a power of a fraction": (HEAD + "let a = {1.5 ** 10 ** 9}\nrelu\n", "expression-too-large"),
        "a number beyond all": (HEAD + "let a = {1e400}\nrelu\n", "number-too-long"),
        "digits": (HEAD + f"conv3-{'1' * 41}\n", "number-too-long"),
        "a tensor": (HEAD + "upsample1000000 upsample1000000\n", "tensor-too-large"),
        "weights": (HEAD + "conv3-{10 ** 30}\n", "tensor-too-large"),
        "brackets": (HEAD + "[" * 5000 + "relu" + "]" * 5000, "nested-too-deep"),
        "brackets in an expression": (HEAD + "let a = {" + "(" * 5000 + "1" + ")" * 5000 + "}\n", "nested-too-deep"),
        "negations": (HEAD + "if {" + "not " * 5000 + "true} [relu]\n", "nested-too-deep"),
        "signs": (HEAD + "let a = {" + "-" * 5000 + "1}\n", "nested-too-deep"),
        "sums": (HEAD + "let a = {" + "1 + " * 5000 + "1}\n", "nested-too-deep"),
        "powers": (HEAD + "let a = {" + "1 ** " * 5000 + "1}\n", "nested-too-deep"),
        "indices": (HEAD + "let a = {a" + "[0]" * 5000 + "}\n", "nested-too-deep"),
        "alternatives": (HEAD + "if {false} [relu] " + "else if {false} [relu] " * 3000, "nested-too-deep"),
        "calls of calls": (
            HEAD + "block b0_ = [relu]\n" + "".join(f"block b{i + 1}_ = [b{i}_]\n" for i in range(200)) + "b200_\n",
            "nested-too-deep",
        ),
        "a name": (HEAD + "a" * 2000 + ": relu\n", "name-too-long"),
        "a label with holes": (HEAD + "a" + "{1}" * 1000 + ": relu\n", "name-too-long"),
        "a string": (HEAD + '"' + "a" * 2000 + '": relu\n', "name-too-long"),
        "sizes": ("arch net\ninput 3" + "x{8}" * 1000 + "\nrelu\n", "name-too-long"),
        "variants": (
            HEAD + "relu\nvariants\n| name |\n" + "".join(f"| n{i} |\n" for i in range(500)),
            "too-many-variants",
        ),
        "labels": (HEAD + "".join(f"l{i}: relu\n" for i in range(6000)), "too-many-layers"),
        "a table": (HEAD + "table\n| net |\n" + "| relu |\n" * 6000, "too-many-layers"),
        "columns": (
            HEAD + "table\n|" + "a|" + "".join(f"c{i}|" for i in range(999)) + "\n|" + "relu|" * 1000 + "\n",
            "",
        ),
        "comments": ("# a\n" * 20_000 + HEAD + "relu\n", ""),
        "a file": (HEAD + "#" * 2**20, "file-too-large"),
    }.values(),
)
def test_what_asks_for_too_much_is_told(text: str, expected: str) -> None:
    assert code(text) == expected


RAISED = {
    "bytes": (HEAD + "relu # " + "a" * 200, {"bytes": 50}, "file-too-large"),
    "letters": (HEAD + "a" * 30 + ": relu", {"letters": 20}, "name-too-long"),
    "digits": (HEAD + "conv3-123456", {"digits": 5}, "number-too-long"),
    "nesting": (HEAD + "[[[relu]]]", {"nesting": 2}, "nested-too-deep"),
    "variants": (HEAD + "relu\nvariants\n| name |\n| a |\n| b |\n", {"variants": 1}, "too-many-variants"),
    "bits": (HEAD + "let a = {2 ** 20}\nrelu", {"bits": 10}, "expression-too-large"),
    "items": (HEAD + "let a = {[1] * 20}\nrelu", {"items": 10}, "list-too-long"),
    "steps": (HEAD + "let a = {[i for i in range(20)]}\nrelu", {"steps": 10}, "too-many-steps"),
    "calls": (HEAD + "block a(c) = [conv3-{c}]\na(1) a(2)", {"calls": 1}, "too-many-calls"),
    "layers": (HEAD + "relu bn", {"layers": 1}, "too-many-layers"),
    "elements": (HEAD + "relu", {"elements": 100}, "tensor-too-large"),
    "parameters": (HEAD + "conv1-4", {"parameters": 15}, "too-many-parameters"),
}


@pytest.mark.parametrize("name", sorted({*meanings()} - {"files"}))
def test_each_limit_is_a_diagnostic_and_may_be_raised(name: str) -> None:
    text, limits, expected = RAISED[name]
    assert code(text, **limits) == expected
    assert code(text) == ""


def test_files(tmp_path: Path) -> None:
    (tmp_path / "a.arch").write_text('from "b.arch" use b\n', encoding="utf-8")
    (tmp_path / "b.arch").write_text("block b = [relu]\n", encoding="utf-8")
    (tmp_path / "net.arch").write_text('from "b.arch" use b\n' + HEAD + "b\n", encoding="utf-8")
    assert archdsl.load(tmp_path / "net.arch", limits=Limits(files=1)).output == (3, 8, 8)
    (tmp_path / "net.arch").write_text('from "a.arch" use b\n' + HEAD + "relu\n", encoding="utf-8")
    with pytest.raises(ArchError, match="--limit files=10"):
        archdsl.load(tmp_path / "net.arch", limits=Limits(files=1))


@pytest.mark.parametrize("command", ["check", "shapes", "compile", "fmt"])
def test_commands_take_limits(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "net.arch"
    path.write_text(HEAD + "[[[relu]]]\n", encoding="utf-8")
    assert main([command, str(path), "--limit", "nesting=2"]) == 1
    said = capsys.readouterr().err
    assert "error[nested-too-deep]" in said
    assert "raise the limit: `--limit nesting=20`" in said
    assert main([command, str(path), "--limit", "nesting=20", "--limit", "bytes=1_000"]) == 0


@pytest.mark.parametrize(
    "given", ["nest=2", "nesting", "nesting=", "nesting=-1", "nesting=0", "nesting=٣", "nesting=1001", "digits=4001"]
)
def test_what_is_no_limit(given: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "vgg16", "--limit", given]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_usual_limits_are_several_times_what_the_zoo_takes() -> None:
    network = archdsl.load("densenet201", limits=Limits(layers=1000, calls=110, steps=4000, nesting=20))
    assert network.shapes().params == 20_013_928
    assert all(getattr(USUAL, each.name) >= 1 for each in fields(Limits))
