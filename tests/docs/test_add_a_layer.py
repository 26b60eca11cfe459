"""The layer that CONTRIBUTING opens with works as it is written there: one file, and nothing else is touched."""

from __future__ import annotations

import os

import pytest

from .copies import Run, copy_with

SPEC = """\
arch net
input 3x16x16
block unit(c, act = squareplus) = [conv3-{c} act]
stem: conv3-8
squareplus(b=0.5)
unit(8)
unit(4, act=squareplus(2))
gap
fc-5
expect output == 5
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs Python in a copy of the project that has the one file more."""
    return copy_with("archdsl/layers/squareplus.py", SPEC, tmp_path_factory.mktemp("project"))


def test_check(run: Run) -> None:
    assert "net.arch: ok" in run("-m", "archdsl", "check", "net.arch")


def test_shapes(run: Run) -> None:
    text = run("-m", "archdsl", "shapes", "net.arch")
    assert "squareplus(b=0.5)" in text or "squareplus(0.5)" in text


def test_compile_and_run(run: Run) -> None:
    assert "class SquarePlus(nn.Module):" in run("-m", "archdsl", "compile", "net.arch")
    code = (
        "import archdsl, torch; net = archdsl.load('net.arch').module(); y = net(torch.rand(2, 3, 16, 16)); "
        "y.sum().backward(); print(tuple(y.shape), sorted({m.b for m in net.modules() if hasattr(m, 'b')}))"
    )
    assert run("-c", code).strip() == "(2, 5) [0.5, 2.0, 4.0]"


def test_diagram(run: Run) -> None:
    run("-m", "archdsl", "diagram", "net.arch", "-o", "net.dot")
    assert "squareplus" in run("-c", "print(open('net.dot', encoding='utf-8').read())")


def test_layers(run: Run) -> None:
    assert "squareplus" in run("-m", "archdsl", "layers")
    text = run("-m", "archdsl", "layers", "squareplus")
    assert text.startswith("squareplus(b=4.0)")
    assert "how wide the bend is" in text


def test_conformance(run: Run) -> None:
    text = run("-m", "pytest", "tests/layers/test_conformance.py", "-k", "squareplus", "-p", "no:cacheprovider")
    assert " passed" in text


def test_is_clean(run: Run) -> None:
    run("-m", "ruff", "check", "--no-cache", "archdsl/layers/squareplus.py")
    run("-m", "ruff", "format", "--no-cache", "--check", "archdsl/layers/squareplus.py")
    run("-m", "mypy", "--cache-dir", os.devnull, "-p", "archdsl.layers")
