"""What is allowed and rarely meant: one file a lint or a family of them, each a class that looks for itself."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable, Iterator
from importlib import import_module

from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Architecture
from archdsl.lints.lint import Lint

__all__ = ["Lint", "lints", "look_over"]


def lints() -> tuple[type[Lint], ...]:
    """Every lint that is declared, in the order of its code."""
    for module in pkgutil.iter_modules(__path__):
        import_module(f"{__name__}.{module.name}")
    return tuple(kind for kind in Lint.catalogue() if issubclass(kind, Lint))


def look_over(program: Program, networks: Iterable[Architecture]) -> Iterator[Lint]:
    """What the lints find in the text of a spec, and in the networks that it is built into.

    What one piece of text does in several places is said once.
    """
    said: set[tuple[str, str]] = set()
    built = tuple(networks)
    kinds = lints()
    alone = [each for kind in kinds if kind.is_alone for each in kind.in_text(program)]
    if alone:
        yield from alone
        return
    for kind in kinds:
        found = [*kind.in_text(program), *(each for network in built for each in kind.in_network(program, network))]
        for each in found:
            if (each.code, repr(each.at)) not in said:
                said.add((each.code, repr(each.at)))
                yield each
