"""Networks that exercise the whole language: what is tested of each is in the files beside this one."""

from __future__ import annotations

from pathlib import Path

import torch

from archdsl.network import Network, load
from archdsl.opening.library import find

from ...specs.specs_under_test import small

SPECS = Path(__file__).parent / "specs"

ONLY_HERE = tuple(sorted(path.stem for path in SPECS.glob("*.arch")))
"""Those that don't come with archdsl."""

NAMES = (
    *ONLY_HERE,
    "alexnet",
    "densenet121",
    "fcn8s",
    "googlenet",
    "inception_v3",
    "mnasnet0_5",
    "mobilenet_v2",
    "resnet1d",
    "resnext50_32x4d",
    "se_resnet50",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "unet",
)

_SMALL = {"conv3d": (3, 8, 8, 16)}
"""Inputs that are quick to run, with sides that differ."""


def network(name: str, **options: object) -> Network:
    if name in ONLY_HERE:
        return load(SPECS / f"{name}.arch", **options)  # type: ignore[arg-type]
    if options:
        return load(name, **options)  # type: ignore[arg-type]
    spec = find(name)
    return small(spec.path.name, spec.variant)


def batch(name: str, size: int = 2) -> torch.Tensor:
    if name in ONLY_HERE:
        return torch.rand(size, *_SMALL.get(name, (3, 32, 40)))
    return torch.rand(size, *network(name).input)  # type: ignore[arg-type]
