"""What a stage is, and how far a spec has come."""

from __future__ import annotations

import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

from archdsl.diagnostics import Source, Span
from archdsl.elaborate.program import Program
from archdsl.limits import USUAL, Limits
from archdsl.network import Network, build
from archdsl.opening.imports import read_program
from archdsl.opening.parameters import from_text
from archdsl.syntax import parse, tree


@dataclass(frozen=True)
class Way:
    """A spec with all that can be made of it; each stage is reached when it is asked for.

    Asking raises ArchError where the text doesn't come so far.
    """

    source: Source
    folder: Path | None = None
    """Where the files are that it brings blocks from."""
    variant: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = USUAL

    @cached_property
    def tree(self) -> tree.File:
        return parse(self.source, self.limits)

    @cached_property
    def program(self) -> Program:
        return read_program(self.source, self.folder, self.limits)

    @cached_property
    def network(self) -> Network:
        return build(self.program, self.variant, from_text(self.program, dict(self.settings)))


class Stage(ABC):
    """Base of all stages. A subclass in a file of this package is known by its name, and nothing else is told of it.

    What it prints is stable: tests compare it, and so may people.
    """

    name: ClassVar[str]
    place: ClassVar[int]
    """Where on the way it stands; those that are earlier have smaller numbers."""

    @abstractmethod
    def lines(self, way: Way) -> Iterator[str]:
        """The stage as text."""


def at(span: Span) -> str:
    """Where a piece of text begins, as LINE:COLUMN."""
    return f"{span.line}:{span.column}"


@cache
def stages() -> Mapping[str, Stage]:
    """Every stage by its name, in the order of the way."""
    package = import_module("archdsl.stages")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"archdsl.stages.{module.name}")
    found = sorted(Stage.__subclasses__(), key=lambda kind: kind.place)
    return MappingProxyType({kind.name: kind() for kind in found})
