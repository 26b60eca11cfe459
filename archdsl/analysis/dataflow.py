"""The flow of tensors: every operation of the running network with the operations that feed it.

Containers, blocks and repeats are gone, references are resolved, and what is left is what a forward pass does, in the
order in which it does it. Two specs are the same network if their flows are the same, however they are written; the
names of modules stand beside the operations, since weights go by them.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import field, replace

from archdsl.diagnostics import ArchError, Diagnostic, Span
from archdsl.ir.marks import Mark, Path
from archdsl.ir.named import Named, NamedRun
from archdsl.ir.names import Kind, branches, is_open, names, style
from archdsl.ir.nodes import (
    Architecture,
    Aux,
    Call,
    Chain,
    LayerNode,
    Member,
    Merge,
    Name,
    Node,
    Reference,
    at,
    reachable,
    text,
)
from archdsl.ir.nodes import Repeat as RepeatNode
from archdsl.ir.walk import walk
from archdsl.layers.base import Layer
from archdsl.merges.base import Join
from archdsl.record import changed, record
from archdsl.shape import Dim, Shape

AT_MOST = 100_000


class TooManyCopies(Diagnostic):
    """A network of which something is asked of every single layer, and that has more copies of them than can be meant.

    Shapes, costs and source are no such thing: there a repeat costs what its turns cost that differ.
    """

    code = "too-many-copies"


@record
class Place:
    """Where an operation stands in the network and its text; no part of what it computes."""

    span: Span
    node: Node | None = None
    home: object = None
    """The container or branch it stands in; two layers of one home may follow each other directly."""
    around: tuple[Merge | Aux, ...] = ()
    """The merges and auxiliary outputs that it is inside of, the outermost first."""
    marks: tuple[Mark, ...] = ()
    """The labels whose tensor it makes, by which a reference could read it."""
    labels: str = ""
    """Its name with `#` for each part that is no label, and so shifts when a member comes or goes ahead of it."""
    direct: bool = True
    """Whether what feeds it is what arrives in the text, and not the tensor of a reference."""


@record
class Operation:
    """One step of a forward pass, which takes the tensors of earlier operations and makes one."""

    path: str
    """The module's name, as the `state_dict` has it; of an operation without state what it would be, '' of a merge."""
    what: Layer | Join | str
    """A layer; a merge of all that is taken; or `input`."""
    takes: tuple[Shape, ...]
    makes: Shape
    inputs: tuple[int, ...]
    """The operations whose tensors it takes, by their place in `Dataflow.operations`, in the order of the merge."""
    place: Place = field(compare=False, repr=False)

    def keys(self) -> dict[str, tuple[Dim, ...]]:
        """Keys of the `state_dict` and the shapes of their tensors, parameters ahead of buffers."""
        if not isinstance(self.what, Layer):
            return {}
        (x,) = self.takes
        found = {**self.what.weights(x), **self.what.buffers(x)}
        return {f"{self.path}.{name}" if name else self.path: shape for name, shape in found.items()}


@record
class Dataflow:
    """All operations in the order in which they run, the input first, and which of them make what comes out."""

    operations: tuple[Operation, ...]
    output: int
    auxiliary: tuple[tuple[str, int], ...] = ()
    """The outputs in training only, by their names."""


def dataflow(architecture: Architecture, most: int | None = None) -> Dataflow:
    """The flow of tensors of a settled network. Raises ArchError for one of more than `most` operations."""
    walk = _Walk(architecture, AT_MOST if most is None else most)
    made = walk.container(architecture.body, "top", _Around(), walk.arrival(architecture), {})
    return Dataflow(tuple(walk.found), made.number, tuple(walk.auxiliary))


def targets(architecture: Architecture) -> frozenset[Path]:
    """The labels whose tensors are read from elsewhere: by a reference or by an auxiliary output."""
    nodes = walk(architecture.body)
    return frozenset(node.target for node in nodes if isinstance(node, (Reference, Aux)))


@record
class _Tensor:
    """A tensor on its way: the operation that makes it, and whether it is what arrives or was fetched."""

    number: int
    direct: bool = True


_Reachable = Mapping[Path, _Tensor]


@record
class _Around:
    """Where the walk is: the prefix of names, the turns of repeats, and what is around."""

    prefix: str = ""
    labels: str = ""
    values: Mapping[str, Dim] = field(default_factory=dict)
    home: object = None
    around: tuple[Merge | Aux, ...] = ()

    def name(self, name: Name) -> str:
        return self.prefix + text(at(name, **self.values))

    def turn(self, node: RepeatNode, run: NamedRun, number: int) -> _Around:
        return changed(self, values={**self.values, **run.values(node, number)})

    def inside(self, node: Merge | Aux) -> _Around:
        return changed(self, around=(*self.around, node))


class _Walk:
    def __init__(self, architecture: Architecture, most: int) -> None:
        self.most = most
        self.name = architecture.name
        self.span = architecture.body.span
        self.found: list[Operation] = []
        self.auxiliary: list[tuple[str, int]] = []
        self.steps = 0
        self.wanted = {path[start:] for path in targets(architecture) for start in range(len(path))}
        """What a label may be called on the way out to where it is read."""
        self.named_members: dict[tuple[Chain, Kind], tuple[Named, ...]] = {}

    # Each gives the tensor that leaves, and puts the labels that it makes reachable into `made`.

    def container(self, chain: Chain, kind: Kind, around: _Around, x: _Tensor, reach: _Reachable) -> _Tensor:
        """A container whose labels nobody outside asks for."""
        return self.labelled(chain, kind, around, x, reach, {})

    def labelled(
        self, chain: Chain, kind: Kind, around: _Around, x: _Tensor, reach: _Reachable, made: dict[Path, _Tensor]
    ) -> _Tensor:
        if (chain, kind) not in self.named_members:
            self.named_members[chain, kind] = names(chain, style(chain, kind))
        return self.members(self.named_members[chain, kind], changed(around, home=object()), x, reach, made)

    def members(
        self, members: Iterable[Named], around: _Around, x: _Tensor, reach: _Reachable, made: dict[Path, _Tensor]
    ) -> _Tensor:
        inside = dict(reach)
        for each in members:
            self.step()
            member, node = each.member, each.node
            inner: dict[Path, _Tensor] = {}
            if isinstance(node, RepeatNode):
                x = self.repeat(node, each.runs, around, x, inside, inner)
            elif each.name is None:
                assert isinstance(node, Merge)
                x = self.merge(node, each.sides, around, x, inside, inner, member.marks)
            else:
                x = self.named(member, around.name(each.name), around, x, inside, inner)
            found = reachable(member, inner, changed(x, direct=True)) if self.wanted else {}
            new = {path: tensor for path, tensor in found.items() if path in self.wanted}
            made |= new
            inside |= new
        return x

    def repeat(
        self,
        node: RepeatNode,
        runs: Iterable[NamedRun],
        around: _Around,
        x: _Tensor,
        reach: _Reachable,
        made: dict[Path, _Tensor],
    ) -> _Tensor:
        for run in runs:
            assert isinstance(run.run.count, int)
            # Turns of nothing may be more than anybody counts to.
            for number in range(run.run.count) if run.members else ():
                self.step()
                x = self.members(run.members, around.turn(node, run, number), x, {**reach, **made}, made)
        return x

    def merge(
        self,
        node: Merge,
        sides: Iterable[Iterable[Named]],
        around: _Around,
        x: _Tensor,
        reach: _Reachable,
        made: dict[Path, _Tensor],
        marks: tuple[Mark, ...],
        prefixes: Iterable[str] | None = None,
    ) -> _Tensor:
        """A merge: its labels belong to the container around it, or its branches are modules with `prefixes`."""
        ends: list[_Tensor] = []
        for side, prefix in zip(sides, prefixes or itertools.repeat(""), strict=False):
            labels = f"{around.labels}#." if prefix else around.labels
            here = changed(around.inside(node), prefix=around.prefix + prefix, labels=labels, home=object())
            ends.append(self.members(side, here, x, {**reach, **made}, made))
        return self.joined(node, ends, around, x, marks)

    def named(
        self, member: Member, name: str, around: _Around, x: _Tensor, reach: _Reachable, made: dict[Path, _Tensor]
    ) -> _Tensor:
        node = member.node
        labels = around.labels + ("#" if member.label is None else name.removeprefix(around.prefix))
        below = changed(around, prefix=name + ".", labels=labels + ".")
        match node:
            case LayerNode():
                place = Place(node.span, node, around.home, around.around, member.marks, labels, x.direct)
                return self.add(Operation(name, node.layer, (node.input,), node.output, (x.number,), place))
            case Call():
                # What labels a block has inside is its own business.
                return self.container(node.body, "block", below, x, reach)
            case Chain():
                return self.labelled(node, "group", below, x, reach, made)
            case Aux():
                return self.aux(node, member, name, around, x, reach)
            case Reference():
                return changed(reach[node.target], direct=False)
            case Merge():
                prefixes = None if is_open(node) else (f"{number}." for number in itertools.count())
                return self.merge(node, branches(node), below, x, reach, made, member.marks, prefixes)
        raise AssertionError(f"a settled network has no {type(node).__name__}")

    def aux(self, node: Aux, member: Member, name: str, around: _Around, x: _Tensor, reach: _Reachable) -> _Tensor:
        alone = Member(label=member.label, node=node.body)
        here = changed(around.inside(node), home=object())
        made = self.named(alone, name, here, changed(reach[node.target], direct=False), reach, {})
        self.auxiliary.append((name, made.number))
        return x

    # Operations

    def arrival(self, architecture: Architecture) -> _Tensor:
        """The tensor of the input."""
        place = Place(architecture.body.span)
        return self.add(Operation("", "input", (), architecture.input, (), place))

    def joined(self, node: Merge, ends: list[_Tensor], around: _Around, x: _Tensor, marks: tuple[Mark, ...]) -> _Tensor:
        if node.is_left_out:
            return replace(ends[0], direct=False)
        numbers = tuple(each.number for each in ([*ends, x] if node.adds_arriving else ends))
        place = Place(node.span, node, around.home, around.around, marks)
        return self.add(Operation("", node.join, node.shapes, node.output, numbers, place))

    def add(self, operation: Operation) -> _Tensor:
        if len(self.found) > self.most:
            self.refuse()
        self.found.append(operation)
        return _Tensor(len(self.found) - 1)

    def step(self) -> None:
        """One more member or turn: those without an operation are work as well."""
        self.steps += 1
        if self.steps > 10 * self.most:
            self.refuse()

    def refuse(self) -> None:
        raise ArchError(
            TooManyCopies(self.span, f"`{self.name}` has more than {self.most:,} layers to go through one by one")
        )
