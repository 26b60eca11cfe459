"""What names stand for while a text is walked, and where they were written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from archdsl.syntax import tree

from .tensors import Flow


class Refused(Exception):
    """The text means nothing: what `check` has to refuse."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code


class Unsure(Exception):
    """The text means something that is not worked out here."""


@dataclass(frozen=True, eq=False)
class LayerValue:
    """A layer that an expression names, `leakyrelu(0.1)`."""

    keyword: str
    arguments: tuple[tuple[str | None, Any], ...] = ()


@dataclass(frozen=True, eq=False)
class BlockValue:
    """A block by its name."""

    text: tree.Block


@dataclass(frozen=True, eq=False)
class Handed:
    """Layers in angle brackets: their text, and all that was in force where they were written."""

    group: tree.Group
    place: Place
    labels: Mapping[str, Slot]


@dataclass(eq=False)
class Slot:
    """The tensor that a label names, with what is labelled inside of its module."""

    flow: Flow | None = None
    inner: Mapping[str, Slot] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Place:
    """What is in force at a place of the text."""

    names: Mapping[str, Any]
    blocks: Mapping[str, BlockValue] = field(default_factory=dict)
    afters: Mapping[str, tuple[tree.After, Place, Mapping[str, Slot]]] = field(default_factory=dict)
    defaults: Mapping[str, tuple[tuple[tree.Default, Place], ...]] = field(default_factory=dict)

    def bind(self, names: Mapping[str, Any]) -> Place:
        return replace(self, names={**self.names, **names})


class Labels:
    """The labels of one container, and those around it that were there when it began."""

    def __init__(self, around: Mapping[str, Slot] | None = None) -> None:
        self.around = dict(around or {})
        self.own: dict[str, Slot] = {}

    def visible(self) -> dict[str, Slot]:
        return {**self.around, **self.own}

    def add(self, name: str, slot: Slot) -> None:
        if name in self.own:
            raise Refused("label-twice", name)
        self.own[name] = slot

    def find(self, path: str) -> Slot:
        first, *rest = path.split(".")
        slot = self.own.get(first) or self.around.get(first)
        for name in rest:
            slot = slot.inner.get(name) if slot else None
        if slot is None:
            raise Refused("unknown-label", path)
        return slot
