"""One place that hands out names: of classes, attributes, parameters, tensors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Set


class Namespace:
    """Names that are in use; a wanted name that is taken gets a number behind it."""

    def __init__(self, taken: Set[str], other: Set[str] = frozenset(), noted: set[str] | None = None) -> None:
        self.taken = set(taken)
        self.other = other
        """Names of another kind, which may grow meanwhile: none of these may be one of them."""
        self.noted = noted
        """Where each claimed name is written down, for those of the other kind."""
        self.patterns: list[re.Pattern[str]] = []
        """Names that are taken too."""
        self.tried: dict[str, int] = {}
        """The number that is next for a name; those before it are taken."""

    def claim(self, wanted: str) -> str:
        """A free name like the wanted one, which is taken from now on."""
        plain = wanted.isascii() and wanted.isidentifier() and not wanted.startswith("_")
        name = wanted if plain else identifier(wanted)
        candidate = name
        if self.has(candidate):
            number = self.tried.get(name, 2)
            while self.has(candidate):
                candidate = f"{name}{number}" if not name[-1].isdigit() else f"{name}_{number}"
                number += 1
            self.tried[name] = number
        self.taken.add(candidate)
        if self.noted is not None:
            self.noted.add(candidate)
        return candidate

    def has(self, name: str) -> bool:
        """Whether a name is taken."""
        return name in self.taken or name in self.other or any(pattern.fullmatch(name) for pattern in self.patterns)

    def give_back(self, names: Iterable[str]) -> None:
        """Have names free again."""
        self.taken.difference_update(names)
        self.tried.clear()


def identifier(text: str) -> str:
    """Text as a Python identifier of ASCII letters."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", text).strip("_") or "name"
    return f"_{name}" if name[0].isdigit() else name


def camel(text: str) -> str:
    """`dense_layer` as `DenseLayer`; capitals that are there stay, and `1_0` doesn't become ten."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", text) if part]
    name = "_".join(part[0].upper() + part[1:] for part in parts) or "Module"
    name = re.sub(r"(?<![0-9])_|_(?![0-9])", "", name)
    return f"Net{name}" if name[0].isdigit() else name


def class_name(arch: str, variant: str | None) -> str:
    """The class of a network: `ResNet50` for the variant `resnet50` of the architecture `ResNet`."""
    if variant is None:
        return camel(arch)
    family = re.match("[^A-Za-z0-9]*".join(re.sub("[^A-Za-z0-9]", "", arch)), variant, re.IGNORECASE)
    return camel(f"{arch}_{variant[family.end() :]}" if family else variant)
