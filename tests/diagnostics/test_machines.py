"""Renderings for machines: SARIF and the annotations of GitHub Actions, also of specs that mean harm."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from archdsl.catalogue import kinds
from archdsl.checking import check_program
from archdsl.cli import main
from archdsl.diagnostics import ArchError, Diagnostic, Edit, Label, Source
from archdsl.diagnostics.github import to_github
from archdsl.diagnostics.sarif import to_sarif
from archdsl.opening.imports import read_program
from archdsl.opening.reading import text_source

from .sarif_structure import LOG


def found(text: str, folder: Path | None = None) -> tuple[Diagnostic, ...]:
    try:
        return check_program(read_program(text_source(text, "net.arch"), folder)).diagnostics
    except ArchError as error:
        return error.diagnostics


def log(diagnostics: tuple[Diagnostic, ...]) -> Any:
    text = to_sarif(diagnostics, kinds(), "1.2.3")
    assert text.isascii()
    made = json.loads(text)
    jsonschema.validate(made, LOG, format_checker=jsonschema.FormatChecker())
    return made["runs"][0]


def test_the_structure_bites() -> None:
    made = json.loads(to_sarif((), {}, "1"))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(made, LOG)


@pytest.mark.parametrize("code", [code for code, kind in kinds().items() if kind.bad])
def test_every_kind_as_sarif_and_as_an_annotation(code: str, tmp_path: Path) -> None:
    kind = kinds()[code]
    for name, text in kind.beside.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    try:
        said = found(kind.bad, tmp_path)
    except UnicodeEncodeError:
        pytest.skip("no file has this text")
    run = log(said)
    assert [result["ruleId"] for result in run["results"]] == [each.code for each in said]
    rules = run["tool"]["driver"]["rules"]
    assert all(rules[result["ruleIndex"]]["id"] == result["ruleId"] for result in run["results"])
    for each in said:
        line = to_github(each)
        assert line.isprintable()
        assert re.match(r"::(error|warning) title=[a-z-]+(,[a-zA-Z]+=[^:,]*)*::[^:]", line)


def test_a_result_with_all_it_can_have() -> None:
    source = Source("a b/net.arch", "conv3-4 relu\nbn\n")
    mistake = kinds()["syntax"](
        source.span(8, 12),
        "wrong",
        "here",
        labels=[Label(source.span(13, 15), "there")],
        notes=["1 + 1"],
        helps=["leave it out"],
        fixes=[Edit(source.span(13, 15), "", True), Edit(source.span(8, 12), "x", True)],
    )
    mistake.fixes = mistake.remedies[0].edits
    (result,) = log((mistake,))["results"]
    place = {"startLine": 1, "startColumn": 9, "endLine": 1, "endColumn": 13}
    artifact = {"uri": "a%20b/net.arch"}
    assert result["locations"] == [{"physicalLocation": {"artifactLocation": artifact, "region": place}}]
    assert result["message"]["text"] == "wrong: here\nnote: 1 + 1\nhelp: leave it out"
    assert result["relatedLocations"][0]["message"]["text"] == "there"
    (fix,) = result["fixes"]
    assert fix["description"]["text"] == "leave it out"
    assert fix["properties"] == {"safe": True}
    (change,) = fix["artifactChanges"]
    assert [each["deletedRegion"]["startLine"] for each in change["replacements"]] == [1, 2]
    assert change["replacements"][0] == {"deletedRegion": place, "insertedContent": {"text": "x"}}


def test_links_and_placeholders_cannot_be_forged() -> None:
    mistake = kinds()["syntax"](None, "see [this](http://evil) and {0} {c}")
    (result,) = log((mistake,))["results"]
    assert result["message"]["text"] == "see [this] (http://evil) and {{0}} {c}"
    assert "locations" not in result


def test_an_absolute_path_is_a_uri() -> None:
    mistake = kinds()["syntax"](Source("/tmp/ö:x.arch", "relu").span(0, 4), "wrong")
    (result,) = log((mistake,))["results"]
    uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "file:///tmp/%C3%B6%3Ax.arch"


def test_an_annotation_cannot_be_left() -> None:
    source = Source("a,b:c%\n::error::x.arch", "relu\n")
    mistake = kinds()["syntax"](source.span(0, 4), "50%\n::set-output name=a::b\r\x1b[31m", helps=["100%"])
    line = to_github(mistake)
    assert "\n" not in line
    assert "\r" not in line
    assert line.isprintable()
    fields, text = line.removeprefix("::error ").split("::", 1)
    # safe() writes a control character as an escape before it gets here; what is left is escaped as GitHub asks.
    assert fields == r"title=syntax,file=a%2Cb%3Ac%25\x0a%3A%3Aerror%3A%3Ax.arch,line=1,endLine=1,col=1,endColumn=5"
    assert text == r"50%25\x0a::set-output name=a::b\x0d\x1b[31m%0Ahelp: 100%25"


def test_an_annotation_over_lines_has_no_columns() -> None:
    line = to_github(kinds()["hidden-in-comment"](Source("a", "a\nb\n").span(0, 3), "m"))
    assert line == "::warning title=hidden-in-comment,file=a,line=1,endLine=2::m"


@pytest.mark.parametrize("output_format", ["text", "json", "github", "sarif"])
@pytest.mark.parametrize(("text", "status"), [("relu", 0), ("conv2-4", 0), ("maxpol", 1)])
def test_exit_status(
    output_format: str, text: str, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "net.arch"
    path.write_text(f"arch net\ninput 3x8x8\n{text}\n", encoding="utf-8")
    arguments = ["check", str(path), "--output-format", output_format]
    assert main(arguments) == status
    out, err = capsys.readouterr()
    if output_format == "sarif":
        jsonschema.validate(json.loads(out), LOG)
    assert (err == "") == (output_format != "text" or text == "relu")
    assert main([*arguments, "--warnings-as-errors"]) == (0 if text == "relu" else 1)


def test_a_log_of_nothing_is_a_log(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none.arch"), "--output-format", "sarif"]) == 1
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    assert result["ruleId"] == "unknown-spec"
    assert main(["check", "vgg16", "--output-format", "sarif"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"][0]["results"] == []
