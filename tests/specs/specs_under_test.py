"""What there is to test: each spec with its variants, and the figures that others published."""

from __future__ import annotations

from pathlib import Path

from archdsl.opening.imports import read_program
from archdsl.opening.reading import text_source

SPECS = Path(__file__).parents[2] / "specs"


def variants() -> list[tuple[str, str | None]]:
    """Every spec's file name with each of its variants; None for a spec that has none."""
    found: list[tuple[str, str | None]] = []
    for path in sorted(SPECS.glob("*.arch")):
        program = read_program(text_source(path.read_text(encoding="utf-8"), path.name))
        if not program.is_library:
            found += [(path.name, name) for name in program.variants] or [(path.name, None)]
    return found


# torchvision's own figures: parameters, multiply-accumulates of convolutions and linear layers in units of 10⁹,
# and the smallest side of an input.
TORCHVISION = {
    "resnet18": (11_689_512, 1.814, 1),
    "resnet34": (21_797_672, 3.664, 1),
    "resnet50": (25_557_032, 4.089, 1),
    "resnet101": (44_549_160, 7.801, 1),
    "resnet152": (60_192_808, 11.514, 1),
    "vgg11": (132_863_336, 7.609, 32),
    "vgg11_bn": (132_868_840, 7.609, 32),
    "vgg13": (133_047_848, 11.308, 32),
    "vgg13_bn": (133_053_736, 11.308, 32),
    "vgg16": (138_357_544, 15.47, 32),
    "vgg16_bn": (138_365_992, 15.47, 32),
    "vgg19": (143_667_240, 19.632, 32),
    "vgg19_bn": (143_678_248, 19.632, 32),
}
