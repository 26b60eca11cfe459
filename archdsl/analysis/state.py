"""What a network's `state_dict` holds: each parameter and buffer by its key, and the layer that it is of.

A view that expands repeats, since every copy has weights of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.ir.names import Entry, Inside, Kind, Turns, as_container, is_open, names, style
from archdsl.ir.nodes import Architecture, Aux, Call, Chain, LayerNode, Member, Merge, Name, Node, Repeat, at, text
from archdsl.shape import Dim

AT_MOST = 1_000_000


class TooManyTensors(Diagnostic):
    """A network of more tensors than any file of weights holds, so that none is fitted to it."""

    code = "too-many-tensors"


@dataclass(frozen=True)
class StateTensor:
    """One entry of a `state_dict`."""

    name: str
    """The key."""
    module: str
    """The path of the module that has it; that of the container for a bare parameter."""
    role: str
    """What the module calls it: `weight`, `running_mean`; '' for a bare parameter."""
    shape: tuple[int, ...]
    layer: LayerNode
    is_buffer: bool


def state(architecture: Architecture) -> tuple[StateTensor, ...]:
    """Every parameter and buffer, in the order of the text. Raises ArchError for more than `AT_MOST`."""
    found = tuple(islice(_container(architecture.body, "top", _Place("", {})), AT_MOST + 1))
    if len(found) > AT_MOST:
        raise ArchError(TooManyTensors(None, f"this network has more than {AT_MOST:,} tensors, which no file holds"))
    return found


@dataclass(frozen=True)
class _Place:
    """Under which module, and in which turns of the repeats around."""

    prefix: str
    values: Mapping[str, Dim]

    def name(self, name: Name) -> str:
        return self.prefix + text(at(name, **self.values))


def _container(chain: Chain, kind: Kind, place: _Place) -> Iterator[StateTensor]:
    return _members(chain.members, names(chain, style(chain, kind)), place)


def _members(members: tuple[Member, ...], entries: tuple[Entry, ...], place: _Place) -> Iterator[StateTensor]:
    for member, entry in zip(members, entries, strict=True):
        if isinstance(member.node, Repeat):
            assert isinstance(entry, Inside)
            yield from _repeat(member.node, entry, place)
        elif isinstance(entry, Inside):
            yield from _branches(member.node, entry, place)
        else:
            yield from _named(member.node, place.name(entry), place)


def _repeat(node: Repeat, inside: Inside, place: _Place) -> Iterator[StateTensor]:
    start: Dim = 0
    for run, turns in zip(node.runs, inside.parts, strict=True):
        assert isinstance(turns, Turns)
        assert isinstance(run.count, int)
        for turn in range(run.count):
            values: dict[str, Dim] = {**place.values, str(turns.turn): turn}
            if node.index is not None:
                values[node.index] = start + turn
            yield from _members(run.node.members, turns.entries, _Place(place.prefix, values))
        start = start + run.count


def _branches(node: Node, inside: Inside, place: _Place) -> Iterator[StateTensor]:
    """A merge whose labels belong to the container around it."""
    assert isinstance(node, Merge)
    for branch, entries in zip(node.branches, inside.parts, strict=True):
        assert not isinstance(entries, Turns)
        yield from _members(branch.members, entries, place)


def _named(node: Node, name: str, place: _Place) -> Iterator[StateTensor]:
    below = _Place(f"{name}.", place.values)
    if isinstance(node, Aux):
        node = node.body
    if isinstance(node, LayerNode):
        yield from _layer(node, name)
    elif isinstance(node, Call):
        yield from _container(node.body, "block", below)
    elif isinstance(node, Chain):
        yield from _container(node, "group", below)
    elif isinstance(node, Merge) and is_open(node):
        (entry,) = names(as_container(node), "named")
        assert isinstance(entry, Inside)
        yield from _branches(node, entry, below)
    elif isinstance(node, Merge):
        for number, branch in enumerate(node.branches):
            inside = _Place(f"{name}.{number}.", place.values)
            yield from _members(branch.members, names(branch, "numbered"), inside)


def _layer(node: LayerNode, name: str) -> Iterator[StateTensor]:
    for is_buffer, tensors in ((False, node.layer.weights(node.input)), (True, node.layer.buffers(node.input))):
        for role, shape in tensors.items():
            sizes = tuple(size for size in shape if isinstance(size, int))
            key = f"{name}.{role}" if role else name
            module = name if role else name.rpartition(".")[0]
            yield StateTensor(key, module, role, sizes, node, is_buffer)
