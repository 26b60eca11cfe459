"""The language of source that CONTRIBUTING shows works as it is written there: a folder, and nothing else."""

from __future__ import annotations

import os

import pytest

from .copies import Run, copy_with

SPEC = """\
arch net(classes = 10)
input 3x16x16
block unit(c, s = 1) = [residual<conv3-{c}/{s} bn relu conv3-{c} | project> relu]
body: [unit(8) x3 unit(16, s=2)]
gap fc-{classes}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs Python in a copy of the project that has the one file more."""
    return copy_with("archdsl/backends/listing/__init__.py", SPEC, tmp_path_factory.mktemp("project"))


def listing(run: Run, name: str) -> str:
    return run(
        "-c",
        "import archdsl, sys; from archdsl.backends.listing import listing; "
        f"net = archdsl.load({name!r}); sys.stdout.write(listing(net.program, net.architecture))",
    )


def test_a_block_is_one_class(run: Run) -> None:
    text = listing(run, "net.arch")
    assert text.count("Unit(c, s)") == 1
    assert "3 × Unit(8, 1)" in text
    assert "Unit(16, 2)" in text
    assert "fc-{classes}" in text


@pytest.mark.parametrize(("name", "lines"), [("resnet50", 60), ("densenet121", 60), ("googlenet", 90)])
def test_networks(run: Run, name: str, lines: int) -> None:
    text = listing(run, name)
    assert len(text.splitlines()) < lines
    assert "fc-{classes}" in text


def test_resnet_has_one_bottleneck(run: Run) -> None:
    text = listing(run, "resnet50")
    assert text.count("Bottleneck(c") == 1
    assert "3 × Bottleneck(64, 1, 64, 1)" in text


def test_is_clean(run: Run) -> None:
    file = "archdsl/backends/listing/__init__.py"
    run("-m", "ruff", "check", "--no-cache", file)
    run("-m", "ruff", "format", "--no-cache", "--check", file)
    run("-m", "mypy", "--cache-dir", os.devnull, "-p", "archdsl.backends.listing")
