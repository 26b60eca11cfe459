"""Which class serves which call: the text it is built from, and the numbers that differ from call to call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from archdsl.backends.classes.handed import PerAxis, bindings, collapsed
from archdsl.elaborate.witnesses import Row
from archdsl.ir.marks import Mark, Path, spelled
from archdsl.ir.nodes import Aux, Call, Chain, Merge, Node, Reference
from archdsl.ir.values import Labelled, LayerValue, PathValue, Value, identity, is_number
from archdsl.once import once
from archdsl.record import record
from archdsl.shape import Dim, Layout, Shape
from archdsl.syntax import tree

_NO_TENSORS: Mapping[Path, Labelled] = {}

SIZE = "#"
"""Ahead of the names of sizes, which no class may print: its text must not depend on the input's size."""

TURNS = "turns one by one"
"""Among what is settled for a class: that its text has no turn of a repeat as a formula of its number."""


@record
class Key:
    """What a class is specialised on: a text, arguments that are no numbers, and the kinds of its inputs."""

    text: tree.Node
    special: tuple[Any, ...]
    inputs: tuple[tuple[str, Layout, int], ...]
    wiring: tuple[tuple[str, int], ...] = ()


def is_class(node: Node) -> bool:
    """Whether a class can be built of a node: a block, a container, a merge, or a branch of one."""
    return node.origin is not None and isinstance(node, (Call, Chain, Merge))


@once
def key_and_row(node: Node) -> tuple[Key, Row]:
    """The class that a node needs, and the numbers it is called with."""
    special: list[Any] = []
    row: Row = {}
    inputs: list[tuple[str, Layout, int]] = []
    for name, shape in tensors(node):
        inputs.append((name, shape.layout, shape.rank))
        row |= shape_row(name, shape)
    for name, value in bindings(node):
        kind, numbers = split(name, value)
        special.append((name, kind))
        row |= numbers
    return Key(node.provenance.text, tuple(special), tuple(inputs), wiring(node)), row


def tensors(node: Node) -> Iterator[tuple[str, Shape]]:
    """What goes into a node: its input under the name "in", and tensors of labels outside it."""
    yield "in", node.input
    yield from zip(outer_names(node), outer_tensors(node).values(), strict=True)


def outer_names(node: Node) -> list[str]:
    """A name for each tensor of a label outside a node, `@label`, which nothing else in a row has."""
    found: dict[str, None] = {}
    for path in outer_tensors(node):
        name = wanted = f"@{spelled(path)}"
        number = 2
        while name in found:
            name = f"{wanted}'{number}"
            number += 1
        found[name] = None
    return list(found)


def wiring(node: Node) -> tuple[tuple[str, int], ...]:
    """Which of the tensors outside a node its text means by which label, also in layers that it was handed."""
    places = {path: place for place, path in enumerate(outer_tensors(node))}
    if not places:
        return ()
    pending: list[tuple[str, Iterable[tuple[str, Labelled]]]] = [("", node.provenance.scope.labels.items())]
    values = list(node.provenance.bindings)
    while values:
        name, value = values.pop()
        if isinstance(value, PathValue):
            pending.append((name, value.labels))
            values += [(f"{name}.{inner}", each) for inner, each in value.bindings]
    return tuple(
        (f"{name}@{label}", places[tensor.path])
        for name, labels in pending
        for label, tensor in labels
        if tensor.path in places
    )


def shape_row(name: str, shape: Shape) -> Row:
    """The numbers of a shape: `in_channels`, and sizes that are never printed."""
    row: Row = {f"{name}_channels": shape.channels}
    row.update({f"{SIZE}{name}{axis}": size for axis, size in enumerate(shape.spatial)})
    return row


def shape_of(name: str, like: Shape, number: Callable[[str, Any], Dim]) -> Shape:
    """The shape whose numbers `number` gives by their names in the row."""
    sizes = tuple(number(f"{SIZE}{name}{axis}", size) for axis, size in enumerate(like.spatial))
    return like.with_spatial(sizes).with_channels(number(f"{name}_channels", like.channels))


@once
def outer_tensors(node: Node) -> Mapping[Path, Shape]:
    """The tensors of labels outside a node that it uses, in the order of use."""
    found: dict[Path, Shape] = {}
    if isinstance(node, Reference):
        found[node.target] = node.output
    elif isinstance(node, Aux):
        found[node.target] = node.body.input
    own = marks_made(node)
    for part in node.parts:
        found |= {path: shape for path, shape in outer_tensors(part).items() if path[0] not in own}
    return found


@once
def marks_made(node: Node) -> frozenset[Mark]:
    """The marks of a node's members, and of those of its branches and turns."""
    own = {mark for member in node.members for mark in member.marks} if isinstance(node, Chain) else set()
    inner = (part for part in node.parts if not is_module(part))
    return frozenset(own.union(*(marks_made(part) for part in inner)))


def is_module(node: Node) -> bool:
    """Whether a node keeps what its labels name to itself."""
    return isinstance(node, Call) or (isinstance(node, Chain) and node.container)


@once
def needed_marks(node: Node) -> frozenset[Path]:
    """The tensors of labels that something in a class refers to; what its blocks and containers settle apart."""
    found: set[Path] = set()
    for part in node.parts:
        found |= outer_tensors(part).keys()
        if not is_module(part):
            found |= needed_marks(part)
    return frozenset(found)


def axis_name(whole: str, axis: int) -> str:
    """What one axis of a value is called in a row: `layer.kernel[0]`."""
    return f"{whole}[{axis}]"


def whole_values(row: Row) -> dict[str, tuple[str, ...]]:
    """The values in a row that a class takes whole, with the names of their axes."""
    found: dict[str, tuple[str, ...]] = {}
    for name in row:
        if name.endswith("]"):
            whole = name.partition("[")[0]
            found[whole] = (*found.get(whole, ()), name)
    return found


def split(name: str, value: Value) -> tuple[Any, Row]:
    """A value as what a class is specialised on and the numbers it takes, by name."""
    if is_number(value):
        return "number", {name: value}
    if isinstance(value, LayerValue):
        kinds: list[Any] = []
        row: Row = {}
        for place, (argument, each) in enumerate(value.arguments):
            inner = f"{name}.{argument or place}"
            if isinstance(each, PerAxis):
                kinds.append((argument, PerAxis, len(each)))
                row |= {axis_name(inner, axis): number for axis, number in enumerate(each)}
            elif isinstance(each, tuple) and all(is_number(number) for number in each):
                kinds.append((argument, len(each)))
                row |= {f"{inner}.{axis}": number for axis, number in enumerate(each)}  # type: ignore[misc]
            else:
                kind, numbers = split(inner, each)
                kinds.append((argument, kind))
                row |= numbers
        return ("layer", value.keyword, value.whole, tuple(kinds)), row
    if isinstance(value, PathValue):
        parts = [(inner, *split(f"{name}.{inner}", each)) for inner, each in value.bindings]
        return (
            ("path", value.group, tuple((inner, kind) for inner, kind, _ in parts)),
            {key: number for _, _, numbers in parts for key, number in numbers.items()},
        )
    return identity(value), {}


def rebuilt(
    name: str, value: Value, number: Callable[[str, Any], Any], tensors: Mapping[Path, Labelled] = _NO_TENSORS
) -> Value:
    """A value with its numbers replaced by what `number` gives for their names, and labels' tensors by `tensors`."""
    if is_number(value):
        return number(name, value)  # type: ignore[no-any-return]
    if isinstance(value, LayerValue):
        arguments: list[tuple[str | None, Value]] = []
        for place, (argument, each) in enumerate(value.arguments):
            inner = f"{name}.{argument or place}"
            if isinstance(each, PerAxis):
                axes = tuple(number(axis_name(inner, axis), item) for axis, item in enumerate(each))
                arguments.append((argument, collapsed(axes)))
            elif isinstance(each, tuple) and all(is_number(item) for item in each):
                arguments.append((argument, tuple(number(f"{inner}.{axis}", item) for axis, item in enumerate(each))))
            else:
                arguments.append((argument, rebuilt(inner, each, number, tensors)))
        return LayerValue(value.keyword, tuple(arguments), value.span, value.whole)
    if isinstance(value, PathValue):
        bindings = tuple((inner, rebuilt(f"{name}.{inner}", each, number, tensors)) for inner, each in value.bindings)
        labels = tuple((label, tensors.get(each.path, each)) for label, each in value.labels)
        scope = value.scope.bind(**dict(bindings)).with_labels(dict(labels))
        return replace(value, bindings=bindings, labels=labels, scope=scope)
    return value


def freeze(row: Row) -> frozenset[tuple[str, Any]]:
    """The numbers of a call as a key."""
    return frozenset(row.items())
