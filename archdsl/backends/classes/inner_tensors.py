"""Tensors from inside a container, for `@features.pool3`: its class gives them beside its output."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from archdsl.backends.classes.calls import Key, is_class, key_and_row
from archdsl.ir.marks import Mark, Path, spelled
from archdsl.ir.nodes import Aux, Call, Chain, Node, Reference, reachable
from archdsl.ir.walk import walk
from archdsl.once import once


class InnerTensors:
    """Which labels inside the containers of a network are referred to from outside of them."""

    def __init__(self, body: Node) -> None:
        paths: dict[Path, None] = {}
        holders: dict[Mark, list[Node]] = {}
        for node in walk(body):
            if isinstance(node, (Reference, Aux)):
                paths[node.target] = None
            if isinstance(node, Chain):
                for member in node.members:
                    for mark in member.marks:
                        holders.setdefault(mark, []).append(member.node)
        self.words = frozenset(mark.label for path in paths for mark in path)
        """All labels of tensors that are referred to, and of the containers on the way to them."""
        self.given: dict[Key, dict[str, None]] = {}
        for path in paths:
            for place in range(len(path) - 1):
                for node in holders[path[place]]:
                    words = self.given.setdefault(key_and_row(node)[0], {})
                    words[spelled(path[place + 1 :])] = None

    def of(self, node: Node) -> tuple[str, ...]:
        """The labels in a container whose tensors are used outside of it, each with the way to it from inside."""
        if not self.given or not is_class(node):
            return ()
        # Calls of one text may differ in their labels.
        return tuple(word for word in self.words_of(key_and_row(node)[0]) if word in inner_paths(node))

    def words_of(self, key: Key) -> tuple[str, ...]:
        """All that is used of what is built from a text."""
        return tuple(self.given.get(key, ()))

    def may_name(self, marks: Iterable[Mark]) -> bool:
        """Whether some reference may name one of these labels."""
        return any(mark.label in self.words for mark in marks)


@once
def inner_paths(node: Node) -> Mapping[str, Path]:
    """The ways to the tensors of labels inside a node, as a spec writes them."""
    return {spelled(path): path for path in _inner(node)}


def _inner(node: Node) -> Iterator[Path]:
    if isinstance(node, Chain):
        for member in node.members:
            yield from reachable(member, dict.fromkeys(_inner(member.node)), None)
    elif not isinstance(node, Call):
        for part in node.parts:
            yield from _inner(part)
