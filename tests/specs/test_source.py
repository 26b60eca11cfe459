"""The source of every spec and variant: golden, clean, and free of what it must not depend on."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.network import Network

from ..clean_source import assert_clean
from .specs_under_test import SPECS, variants

ALL = variants()
IDS = [f"{Path(file).stem}-{variant}" if variant else Path(file).stem for file, variant in ALL]


def network(file: str, variant: str | None, **options: str) -> Network:
    return archdsl.load(SPECS / file, variant=variant, **options)


@pytest.mark.parametrize(("file", "variant"), ALL, ids=IDS)
def test_golden_source(file: str, variant: str | None, golden: Callable[[str, str], None]) -> None:
    golden(f"{Path(file).stem}/{variant or Path(file).stem}.py.txt", network(file, variant).source())


@pytest.mark.parametrize(("file", "variant"), ALL, ids=IDS)
def test_source_has_the_parameters_of_the_ir(file: str, variant: str | None) -> None:
    made = network(file, variant)
    with torch.device("meta"):
        module = made.module()
    assert sum(weight.numel() for weight in module.parameters()) == made.shapes().params


# An `fc` right on a map has as many weights as the map has places.
TIED_TO_THEIR_INPUT = {"c3d.arch", "vgg16.arch", "lecture-identity.arch", "lecture-resized.arch", "lenet5.arch"}

OF_ANOTHER_SIZE = {
    "fcn.arch": "3x64x96",
    "inception_v3.arch": "3x299x331",
    "resnet1d.arch": "1x777",
    "unet.arch": "1x188x204",
}


@pytest.mark.parametrize(("file", "variant"), [each for each in ALL if each[0] not in TIED_TO_THEIR_INPUT])
def test_same_text_at_any_input_size(file: str, variant: str | None) -> None:
    assert (
        network(file, variant).source() == network(file, variant, input=OF_ANOTHER_SIZE.get(file, "3x97x131")).source()
    )


def test_clean_under_ruff_and_mypy(tmp_path: Path) -> None:
    names = [name.replace("-", "_") for name in IDS]
    for (file, variant), name in zip(ALL, names, strict=True):
        (tmp_path / f"{name}.py").write_text(network(file, variant).source(), encoding="utf-8")
    assert_clean(tmp_path)


def test_the_checkers_bite(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import os\nx:int = 'a'\n", encoding="utf-8")
    for command in (["ruff", "check"], ["ruff", "format", "--check"], ["mypy", "--strict", "--config-file="]):
        done = subprocess.run([sys.executable, "-m", *command, "bad.py"], cwd=tmp_path, capture_output=True)
        assert done.returncode == 1


def test_byte_identical_wherever_it_is_made(tmp_path: Path) -> None:
    names = ["resnet50", "vgg16_bn", "vgg16.arch"]
    code = f"import archdsl\nfor name in {names}: print(archdsl.load(name).source())"
    outputs = set()
    for seed, locale, folder in (("0", "C", tmp_path), ("1", "C.UTF-8", Path.cwd()), ("77", "POSIX", Path("/"))):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": locale, "PYTHONUTF8": "1"}
        outputs.add(
            subprocess.run(
                [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, check=True
            ).stdout
        )
    assert len(outputs) == 1


def test_resnet152_is_resnet50_with_other_depths() -> None:
    small, large = archdsl.load("resnet50").source().splitlines(), archdsl.load("resnet152").source().splitlines()
    assert len(small) == len(large) <= 110
    for one, other in zip(small, large, strict=True):
        assert one.replace("50", "152") == other or "for _ in range(" in one, (one, other)


@pytest.mark.parametrize(("file", "most"), [("vgg.arch", 40), ("resnet.arch", 40), ("vgg16.arch", 40)])
def test_specs_are_short(file: str, most: int) -> None:
    lines = [line for line in (SPECS / file).read_text(encoding="utf-8").splitlines() if line.split("#")[0].strip()]
    assert len(lines) <= most
