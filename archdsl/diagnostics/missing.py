"""What is not installed: which library belongs to which extra, and what to say where one isn't there."""

from __future__ import annotations

import sys
from importlib.util import find_spec

_TORCH = ("torch", "numpy", "safetensors", "PIL")

EXTRAS = {
    "torch": _TORCH,
    "train": (*_TORCH, "lightning", "matplotlib", "rich", "sklearn", "tensorboard", "torchvision"),
    "export": (*_TORCH, "onnx", "onnxruntime", "onnxscript"),
}
"""The packages that each extra of ours brings, as they are imported."""


class MissingExtra(ImportError):
    """Something needs a library that is an extra; its text says which, and how to install it."""


def require(what: str, *packages: str) -> None:
    """Raise MissingExtra where one of the packages isn't installed, with the extra that has all of them.

    None of them is imported, as that may take seconds and mistakes in a spec are said before.
    """
    missing = [name for name in packages if not _is_installed(name)]
    if missing:
        raise MissingExtra(f"{what} needs {_listed(missing)}: {how_to_install(packages)}")


def how_to_install(packages: tuple[str, ...]) -> str:
    """The command that installs all of some packages, by as few of our extras as have them."""
    extras: list[str] = []
    for name in sorted(packages, key=_rarity):
        if not any(name in EXTRAS[extra] for extra in extras):
            extras.append(next(extra for extra, names in EXTRAS.items() if name in names))
    return f"pip install 'archdsl[{','.join(sorted(extras))}]'"


def _rarity(name: str) -> int:
    return sum(name in names for names in EXTRAS.values())


def _is_installed(name: str) -> bool:
    if name in sys.modules:
        return sys.modules[name] is not None
    return find_spec(name) is not None


def _listed(names: list[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
