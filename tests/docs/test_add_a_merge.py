"""The merge that CONTRIBUTING shows works as it is written there: one file, and nothing else is touched."""

from __future__ import annotations

import os

import pytest

from .copies import Run, copy_with

SPEC = """\
arch net(w = 0.25)
input 3x8x8
block mixed(c, share) = [lerp<conv3-{c} | conv1-{c} relu>(share)]
lerp<a: conv3-4 | b: conv1-4>(weight=w)
m: lerp<conv3-4 | @a>
mixed(4, 0.75) mixed(8, 0.125)
lerp<identity | adaptive-avgpool1>
expect output == 8x8x8
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs Python in a copy of the project that has the one file more."""
    return copy_with("archdsl/merges/lerp.py", SPEC, tmp_path_factory.mktemp("project"))


def test_check(run: Run) -> None:
    assert "net.arch: ok" in run("-m", "archdsl", "check", "net.arch")


def test_shapes(run: Run) -> None:
    text = run("-m", "archdsl", "shapes", "net.arch", "--depth", "1")
    assert "lerp" in text
    assert "(weight=0.25)" in text or "(0.25)" in text


def test_compile_and_run(run: Run) -> None:
    text = run("-m", "archdsl", "compile", "net.arch")
    assert "A mixture of two branches." in text
    assert "torch.lerp(" in text
    code = (
        "import archdsl, torch; net = archdsl.load('net.arch').module(); x = torch.rand(2, 3, 8, 8); "
        "y = net(x); y.sum().backward(); "
        "z = torch.lerp(net.a(x), net.b(x), 0.25); "
        "print(tuple(y.shape))"
    )
    assert run("-c", code).strip() == "(2, 8, 8, 8)"


def test_values(run: Run) -> None:
    code = (
        "import archdsl, torch; "
        "net = archdsl.loads('arch net\\ninput 3x8x8\\nlerp<a: conv3-4 | b: conv1-4>(0.25)\\n').module(); "
        "x = torch.rand(2, 3, 8, 8); "
        "print(bool(torch.equal(net(x), torch.lerp(net.a(x), net.b(x), 0.25))))"
    )
    assert run("-c", code).strip() == "True"


def test_diagram(run: Run) -> None:
    run("-m", "archdsl", "diagram", "net.arch", "-o", "net.dot")
    assert "mix" in run("-c", "print(open('net.dot', encoding='utf-8').read())")


def test_wrong_arguments(run: Run) -> None:
    code = (
        "import archdsl\n"
        "for call in ('(0.5, 1)', '(share=1)', '(true)'):\n"
        "    try: archdsl.loads(f'arch net\\ninput 4\\nlerp<fc-4 | fc-4>{call}\\n')\n"
        "    except archdsl.ArchError as error: print(error.diagnostics[0].code)\n"
    )
    assert len(run("-c", code).split()) == 3


def test_reference(run: Run) -> None:
    assert "lerp<" in run("-m", "archdsl", "layers")
    text = run("-m", "archdsl", "layers", "lerp")
    assert text.startswith("lerp<… | …>(weight=0.5)")
    assert "how much of the second branch there is" in text


def test_unfold_keeps_its_argument(run: Run) -> None:
    assert "(0.25)" in run("-m", "archdsl", "rewrite", "unfold", "net.arch")


def test_conformance(run: Run) -> None:
    text = run("-m", "pytest", "tests/merges/test_conformance.py", "-k", "lerp", "-p", "no:cacheprovider")
    assert " passed" in text


def test_is_clean(run: Run) -> None:
    run("-m", "ruff", "check", "--no-cache", "archdsl/merges/lerp.py")
    run("-m", "ruff", "format", "--no-cache", "--check", "archdsl/merges/lerp.py")
    run("-m", "mypy", "--cache-dir", os.devnull, "-p", "archdsl.merges")
