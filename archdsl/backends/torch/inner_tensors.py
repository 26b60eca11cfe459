"""Tensors from inside a container, for `@features.pool3`.

A plain sequence is run module by module. Of anything else, and from further inside, the container's class gives
them beside its output.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from archdsl.backends.torch.calls import Key, is_class, key_and_row, walk
from archdsl.ir.marks import Mark, Path, spelled
from archdsl.ir.nodes import Aux, Call, Chain, Choice, Member, Node, Reference, Repeat, reachable
from archdsl.once import once
from archdsl.symbolic import Expr, NeedsValue


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


def cut_points(node: Node, words: Iterable[str]) -> list[tuple[int, str]] | None:
    """Behind how many modules of a container each label's tensor is, in the order of the modules.

    None for a label that isn't right inside the container, or in what is no plain sequence.
    """
    wanted = set(words)
    found: list[tuple[int, str]] = []
    if isinstance(node, Chain):
        _cut(node.members, wanted, 0, found)
    return found if wanted == {word for _, word in found} else None


def _cut(members: Iterable[Member], wanted: set[str], position: int, found: list[tuple[int, str]]) -> int:
    for member in members:
        if isinstance(member.node, Repeat):
            for run in member.node.runs:
                if run.count == 1 and run.turn is None:
                    position = _cut(run.node.members, wanted, position, found)
                elif isinstance(run.count, Expr):
                    raise NeedsValue(run.count)
                else:
                    position += run.count * sum(width(each) for each in run.node.members)
        else:
            position += width(member)
        found += [(position, mark.label) for mark in member.marks if mark.label in wanted]
    return position


def width(member: Member) -> int:
    """How many modules a member is in an `nn.Sequential`."""
    node = member.node
    if isinstance(node, Choice):
        raise NeedsValue(node.condition)
    if not isinstance(node, Repeat):
        return 1
    total = 0
    for run in node.runs:
        if isinstance(run.count, Expr):
            raise NeedsValue(run.count)
        total += run.count * sum(width(each) for each in run.node.members)
    return total
