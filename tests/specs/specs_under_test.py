"""What there is to test: each spec with its variants, and the figures that others published."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import archdsl
from archdsl.network import Network
from archdsl.opening.imports import read_program
from archdsl.opening.reading import text_source

SPECS = Path(__file__).parents[2] / "specs"

_SMALL = {
    "alexnet.arch": "3x63x80",
    "c3d.arch": "3x16x16x32",
    "efficientnet_lite.arch": "3x64x96",
    "fcn.arch": "3x32x64",
    "inception_v3.arch": "3x75x80",
    "resnet1d.arch": "1x600",
    "unet.arch": "1x188x204",
}
"""Inputs that are quick to run, with sides that differ, for specs that don't take one of 48×64."""

_NARROW: dict[str, dict[str, object]] = {
    "densenet.arch": {"growth": 8, "depths": [2, 3, 2, 1]},
    "unet.arch": {"base": 8},
}


def small(file: str, variant: str | None = None) -> Network:
    """The network of a spec on an input that is quick to run; images that are small already stay as they are."""
    declared = archdsl.load(SPECS / file, variant=variant).input
    sizes = _SMALL.get(file, "3x48x64" if declared == (3, 224, 224) else declared)
    return archdsl.load(SPECS / file, variant=variant, input=sizes, **_NARROW.get(file, {}))  # type: ignore[arg-type]


def variants() -> list[tuple[str, str | None]]:
    """Every spec's file name with each of its variants; None for a spec that has none."""
    found: list[tuple[str, str | None]] = []
    for path in sorted(SPECS.glob("*.arch")):
        program = read_program(text_source(path.read_text(encoding="utf-8"), path.name))
        if not program.is_library:
            found += [(path.name, name) for name in program.variants] or [(path.name, None)]
    return found


@dataclass(frozen=True)
class Published:
    """What torchvision says of one of its networks, in the metadata of its best weights."""

    params: int
    """Single numbers; GoogLeNet's are without its auxiliary heads, Inception's with them."""
    gmacs: float
    """Multiply-accumulates of convolutions and linear layers on an image of 224×224 (Inception: 299×299), in 10⁹."""
    min_input: int
    """The smallest side of an image."""
    top1: float
    """Accuracy on ImageNet, in per cent."""
    recipe: str
    """The weights that have it."""


def _published() -> dict[str, Published]:
    with (Path(__file__).parent / "torchvision.tsv").open(encoding="utf-8") as file:
        return {
            row["model"]: Published(
                int(row["params"]), float(row["gmacs"]), int(row["min_input"]), float(row["top1"]), row["recipe"]
            )
            for row in csv.DictReader(file, delimiter="\t")
        }


TORCHVISION = _published()
