"""What all nodes of the tree share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar, dataclass_transform

from archdsl.diagnostics import Span

Kind = TypeVar("Kind")


@dataclass_transform(frozen_default=True, eq_default=False)
def node(kind: type[Kind]) -> type[Kind]:
    """A class of nodes, which are not changed once they are made.

    Type checkers hold everybody to that. At run time nothing does, since that would double the time that
    importing this module takes.
    """
    return dataclass(eq=False, repr=False)(kind)


@node
class Node:
    """A piece of a spec. Two nodes are the same only if they are one object."""

    rules: ClassVar[tuple[str, ...]] = ()

    span: Span

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, *children)

    @property
    def children(self) -> Iterator[Node]:
        """The nodes directly below this one, in the order of their fields."""
        for field in fields(self):
            yield from _nodes(getattr(self, field.name))

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _nodes(each)


@node
class Word(Node):
    """A name or another token that keeps its place."""

    text: str


@node
class Template(Node):
    """A label or reference with holes: `denselayer{i+1}` is ("denselayer", i + 1)."""

    parts: tuple[str | Expression, ...]

    @property
    def plain(self) -> str | None:
        """The text where there is no hole."""
        return "".join(map(str, self.parts)) if all(isinstance(part, str) for part in self.parts) else None


@node
class Expression(Node):
    pass


def given(children: list[Any]) -> tuple[Any, ...]:
    """The children without what was left out."""
    return tuple(child for child in children if child is not None)


def without_bracket(name: Word) -> Word:
    return Word(Span(name.span.source, name.span.start, name.span.end - 1), name.text[:-1])
