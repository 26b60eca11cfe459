"""Every kind of mistake by its code, which takes importing the modules that declare them."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import archdsl
from archdsl.diagnostics import Diagnostic

_APART = ("cli", "runtime", "train", "__main__")
"""Parts that are not looked through: the commands, and what imports torch."""


def kinds() -> dict[str, type[Diagnostic]]:
    """Every kind of mistake that archdsl declares, by code and in its order."""
    for module in pkgutil.iter_modules(archdsl.__path__):
        if module.name in _APART:
            continue
        name = f"archdsl.{module.name}"
        found = import_module(name)
        if module.ispkg:
            for inner in pkgutil.walk_packages(found.__path__, name + "."):
                import_module(inner.name)
    return {kind.code: kind for kind in Diagnostic.catalogue()}
