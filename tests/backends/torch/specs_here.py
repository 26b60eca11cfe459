"""Networks that exercise the whole language: what is tested of each is in the files beside this one."""

from __future__ import annotations

from pathlib import Path

import torch

from archdsl.network import Network, load

SPECS = Path(__file__).parent / "specs"

NAMES = tuple(sorted(path.stem for path in SPECS.glob("*.arch")))

# Variants beside the first that are worth a look of their own.
VARIANTS = {"squeezenet": "squeezenet1_1", "shufflenet": "shufflenet_v2_x2_0", "resnext": "wide_resnet50_2"}

_SMALL = {
    "inception": (3, 75, 80),
    "alexnet": (3, 63, 80),
    "unet": (1, 16, 32),
    "fcn": (3, 32, 64),
    "resnet1d": (1, 60),
    "conv3d": (3, 8, 8, 16),
}
"""Inputs that are quick to run, with sides that differ."""


def network(name: str, variant: str | None = None, **options: object) -> Network:
    return load(SPECS / f"{name}.arch", variant=variant, **options)  # type: ignore[arg-type]


def batch(name: str, size: int = 2) -> torch.Tensor:
    return torch.rand(size, *_SMALL.get(name, (3, 32, 40)))
