"""The wheel: the grammar and specs are in it, and what it installs works from any folder without torch."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]

# Stands in for an installation without torch: Python runs it first, and then finds no such package.
_NO_TORCH = "import sys\nsys.modules['torch'] = None\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this tree, built by the hatchling that is installed, or else by one that pip fetches for it."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--disable-pip-version-check", "-w", str(folder)]
    if find_spec("hatchling") is not None:
        command.append("--no-build-isolation")
    done = subprocess.run([*command, str(ROOT)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    (made,) = folder.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def run(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Runs Python with the unpacked wheel ahead of everything else, in a folder that has nothing to do with it."""
    site, elsewhere = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("elsewhere")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (site / "sitecustomize.py").write_text(_NO_TORCH, encoding="utf-8")

    def made(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PYTHONPATH": str(site), "PYTHONUTF8": "1"}
        return subprocess.run(
            [sys.executable, *arguments], cwd=elsewhere, env=environment, capture_output=True, text=True, timeout=120
        )

    found = made("-c", "import archdsl; print(archdsl.__file__)")
    assert found.stdout.startswith(str(site)), found.stdout + found.stderr
    return made


def test_grammar_and_specs_are_inside(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    assert "archdsl/grammars/arch.lark" in names
    assert {f"archdsl/specs/{path.name}" for path in (ROOT / "specs").glob("*.arch")} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests/", "docs/", "specs/", "grammars/"))]


def test_says_what_it_needs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = [each for each in archive.namelist() if each.endswith("/METADATA")]
        metadata = archive.read(name).decode()
        (points,) = [each for each in archive.namelist() if each.endswith("/entry_points.txt")]
        assert "archdsl = archdsl.cli:main" in archive.read(points).decode()
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert {line.split()[1].split(">")[0].split("<")[0] for line in needed} == {
        "click",
        "graphviz-pure",
        "pydantic",
    }


def test_shapes_of_a_bare_name(run: Run) -> None:
    done = run("-m", "archdsl", "shapes", "vgg16")
    assert done.returncode == 0, done.stderr
    assert "138,357,544" in done.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("list",),
        ("check", "resnet.arch", "vgg.arch", "vgg16.arch"),
        ("compile", "resnet50", "-o", "resnet50.py"),
        ("diagram", "resnet18", "-o", "resnet18.svg"),
        ("layers", "conv"),
        ("schema",),
        ("explain", "--all"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_commands_need_no_torch(run: Run, arguments: tuple[str, ...]) -> None:
    done = run("-m", "archdsl", *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_module_without_torch_says_what_is_missing(run: Run) -> None:
    done = run("-c", "import archdsl; archdsl.load('vgg16').module()")
    assert done.returncode == 1
    assert "a live module needs torch" in done.stderr


def test_brings_the_grammar_of_its_tables(run: Run) -> None:
    done = run(
        "-c",
        "from archdsl.syntax import tables; from archdsl.syntax.generated_tables import GRAMMAR_SHA256; "
        "assert tables.digest() == GRAMMAR_SHA256",
    )
    assert done.returncode == 0, done.stderr
