"""The second stage: the tree that the grammar makes of the tokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from archdsl.stages.base import Stage, Way, at
from archdsl.syntax.tree import Node


class Tree(Stage):
    """Each node of the syntax with its place, and below it what it is made of by the names of its fields."""

    name = "tree"
    place = 1

    def lines(self, way: Way) -> Iterator[str]:
        for item in way.tree.items:
            yield from _node("", item, 0)


def _node(field: str, node: Node, depth: int) -> Iterator[str]:
    inner: list[tuple[str, Any]] = []
    said: list[str] = []
    for name in node.field_names:
        value = getattr(node, name)
        if name == "span" or value is None or value == ():
            continue
        if isinstance(value, Node) or (isinstance(value, tuple) and any(isinstance(each, Node) for each in value)):
            inner.append((name, value))
        else:
            said.append(f"{name}={value!r}")
    words = [f"{field}: {type(node).__name__}" if field else type(node).__name__, *said, at(node.span)]
    yield "  " * depth + " ".join(words)
    for name, value in inner:
        for each in value if isinstance(value, tuple) else (value,):
            yield from _value(name, each, depth + 1)


def _value(field: str, value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, Node):
        yield from _node(field, value, depth)
    elif isinstance(value, tuple):
        for each in value:
            yield from _value(field, each, depth)
    else:
        yield f"{'  ' * depth}{field}: {value!r}"
