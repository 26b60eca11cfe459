"""What all nodes of the tree share."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any, ClassVar, TypeVar, dataclass_transform

from archdsl.diagnostics import Span

Kind = TypeVar("Kind")


@dataclass_transform(frozen_default=True, eq_default=False)
def node(kind: type[Kind]) -> type[Kind]:
    """A class of nodes, which are not changed once they are made; its fields are its annotations, as in a dataclass.

    Type checkers hold everybody to that. At run time nothing does: a dataclass writes and compiles methods for
    each class, and for fifty of them that takes longer than parsing a spec.
    """
    own = (name for name, kept in kind.__annotations__.items() if not kept.startswith("ClassVar"))
    kind.field_names = (*kind.field_names, *own)  # type: ignore[attr-defined]
    return kind


@node
class Node:
    """A piece of a spec. Two nodes are the same only if they are one object."""

    rules: ClassVar[tuple[str, ...]] = ()
    field_names: ClassVar[tuple[str, ...]] = ()

    span: Span

    def __init__(self, *values: Any) -> None:
        if len(values) != len(self.field_names):
            raise TypeError(
                f"{type(self).__name__} has the fields {', '.join(self.field_names)}, and got {len(values)}"
            )
        vars(self).update(zip(self.field_names, values, strict=True))

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, *children)

    @cached_property
    def children(self) -> tuple[Node, ...]:
        """The nodes directly below this one, in the order of their fields."""
        return tuple(node for name in self.field_names for node in _nodes(getattr(self, name)))

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in the order of their fields."""
        pending: list[Node] = [self]
        while pending:
            node = pending.pop()
            yield node
            pending += reversed(node.children)


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
