"""What is imported, and when: torch never by what needs no torch, and nothing by `import archdsl`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SPEC = str(ROOT / "specs" / "resnet.arch")

HEAVY = ("torch", "torchvision", "numpy", "pydantic", "lark", "click", "rich")


def imported(code: str, folder: Path, *names: str) -> list[str]:
    """Which of these packages a piece of code imports, in a process and a folder of its own."""
    asked = f"{code}\nimport sys\nprint(*(name for name in {names!r} if name in sys.modules), file=sys.stderr)\n"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stderr.splitlines()[-1].split()


def command(*arguments: str) -> str:
    return f"from archdsl.cli import main\nassert main({list(arguments)!r}) == 0"


def test_importing_archdsl_imports_nothing(tmp_path: Path) -> None:
    assert imported("import archdsl", tmp_path, *HEAVY, "archdsl.network", "archdsl.cli") == []


@pytest.mark.parametrize(
    "code",
    [
        "import archdsl; archdsl.load; archdsl.Layer; archdsl.ArchError",
        "import archdsl; archdsl.load('resnet50').to_json()",
        command("shapes", "resnet50"),
        command("compile", "resnet50"),
        command("diagram", "resnet18", "-o", "net.dot"),
        command("check", "resnet.arch"),
        command("fmt", "--check", SPEC),
        command("list"),
        command("layers"),
        command("layers", "conv"),
        command("schema"),
        command("explain", "--all"),
        command("rewrite", "fc-to-conv", "lenet5"),
        command("rewrite", "fold-batchnorm", "resnet20"),
        command("diff", "lenet5", "vgg16.arch"),
        command("--help"),
    ],
)
def test_no_torch_without_need(code: str, tmp_path: Path) -> None:
    assert imported(code, tmp_path, "torch", "torchvision", "numpy", "archdsl.runtime") == []


def test_that_test_can_fail(tmp_path: Path) -> None:
    # A stand-in, so that it fails with or without torch installed.
    (tmp_path / "torch.py").touch()
    assert imported("import sys; sys.path.insert(0, '.'); import torch", tmp_path, "torch", "numpy") == ["torch"]


def test_a_command_imports_no_other(tmp_path: Path) -> None:
    others = [
        f"archdsl.cli.commands.{name}"
        for name in ("check", "compile", "diagram", "explain", "layers", "list", "schema")
    ]
    loaded = imported(command("shapes", "resnet50"), tmp_path, "archdsl.cli.commands.shapes", *others)
    assert loaded == ["archdsl.cli.commands.shapes"]


def test_shapes_imports_no_backend_but_its_own_and_no_lark(tmp_path: Path) -> None:
    names = ("archdsl.backends.torch", "archdsl.backends.graphviz", "lark", "graphviz", "archdsl.ir.document")
    assert imported(command("shapes", "resnet50"), tmp_path, *names) == []


def test_without_a_mistake_nobody_reads_what_others_call_the_layers(tmp_path: Path) -> None:
    names = ("archdsl.layers.translation", "archdsl.elaborate.foreign", "archdsl.syntax.recovery")
    for arguments in (("shapes", "resnet50"), ("check", SPEC), ("compile", "lenet5")):
        assert imported(command(*arguments), tmp_path, *names) == []


def test_list_parses_nothing(tmp_path: Path) -> None:
    assert imported(command("list"), tmp_path, "lark", "pydantic") == []


def test_a_spec_is_parsed_without_pydantic(tmp_path: Path) -> None:
    code = "from archdsl.syntax import parse\nfrom archdsl.diagnostics import Source\nparse(Source('a', 'arch a'))"
    assert imported(code, tmp_path, "pydantic", "archdsl.layers") == []


def test_fmt_imports_only_what_it_needs(tmp_path: Path) -> None:
    needless = ("pydantic", "archdsl.layers", "archdsl.elaborate", "archdsl.diagnostics.text", "difflib", "rich")
    assert imported(command("fmt", "--check", SPEC), tmp_path, *needless) == []
    assert imported(f"import pydantic\n{command('fmt', '--check', SPEC)}", tmp_path, *needless) == ["pydantic"]
