"""The stage and the analysis that CONTRIBUTING shows work as they are written there, each one file."""

from __future__ import annotations

import os

import pytest

from .copies import Run, copy_with

SPEC = "arch net\ninput 3x8x8\na: conv3-4 relu\nadd<@a | conv1-4>\ngap fc-2\n"


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return copy_with("archdsl/stages/flow.py", SPEC, tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def analysis(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return copy_with("archdsl/analysis/depth.py", SPEC, tmp_path_factory.mktemp("project"))


def test_a_stage_is_shown(stage: Run) -> None:
    text = stage("-m", "archdsl", "show", "net.arch", "--stage", "flow")
    assert "1  conv3-4  [0]  4x8x8" in text
    assert "add" in text
    assert "[1, 3]" in text
    assert "flow" in stage("-m", "archdsl", "show", "--help")


def test_an_analysis_reads_a_network(analysis: Run) -> None:
    code = (
        "import archdsl; from archdsl.analysis.depth import weighted_depth; "
        "print(*(weighted_depth(archdsl.load(name).architecture) for name in ('vgg16', 'resnet50', 'resnet152')))"
    )
    assert analysis("-c", code).split() == ["16", "50", "152"]


@pytest.mark.parametrize(
    ("name", "file"), [("stage", "archdsl/stages/flow.py"), ("analysis", "archdsl/analysis/depth.py")]
)
def test_is_clean(name: str, file: str, request: pytest.FixtureRequest) -> None:
    run: Run = request.getfixturevalue(name)
    run("-m", "ruff", "check", "--no-cache", file)
    run("-m", "ruff", "format", "--no-cache", "--check", file)
    run("-m", "mypy", "--cache-dir", os.devnull, "-m", file.removesuffix(".py").replace("/", "."))
