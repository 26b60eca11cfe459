"""The layers of a network one by one, each with its module's name and the layer whose output it takes.

Here repeats are unrolled and shared nodes are told apart, so that this costs what the network counts and not what its
text does: it is for what concerns single layers, such as how the weights of each travel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.ir.marks import Mark, Path
from archdsl.ir.names import Entry, Inside, Kind, Turns, as_container, is_open, names, style
from archdsl.ir.nodes import Architecture, Aux, Call, Chain, LayerNode, Member, Merge, Name, Node, Reference, at, text
from archdsl.ir.nodes import Repeat as RepeatNode
from archdsl.record import record
from archdsl.shape import Dim

AT_MOST = 100_000


class TooManyCopies(Diagnostic):
    """A network of which something is asked of every single layer, and that has more copies of them than can be meant.

    Shapes, costs and source are no such thing: there a repeat costs what its turns cost that differ.
    """

    code = "too-many-copies"


@dataclass(frozen=True, eq=False)
class Instance:
    """One layer of the running network."""

    name: str
    """Its module's name, as the `state_dict` has it; of a layer without state what it would be."""
    node: LayerNode
    before: Instance | None
    """The layer whose output arrives here; None where the network's input, a merge or a reference does."""
    home: object
    """The container or branch it stands in; two layers of one home follow each other directly."""
    around: tuple[Merge | Aux, ...]
    """The merges and auxiliary outputs that it is inside of, the outermost first."""
    marks: tuple[Mark, ...] = ()
    """The labels whose tensor it makes, by which a reference could read it."""
    labels: str = ""
    """Its name with `#` for each part that is no label, and so shifts when a member comes or goes ahead of it."""

    def keys(self) -> dict[str, tuple[Dim, ...]]:
        """Keys of the `state_dict` and the shapes of their tensors, parameters ahead of buffers."""
        layer, x = self.node.layer, self.node.input
        found = {**layer.weights(x), **layer.buffers(x)}
        return {f"{self.name}.{name}" if name else self.name: shape for name, shape in found.items()}

    @property
    def follows(self) -> Instance | None:
        """The layer directly ahead in the same container or branch, where there is one."""
        return self.before if self.before is not None and self.before.home is self.home else None


def instances(architecture: Architecture) -> tuple[Instance, ...]:
    """Every layer in the order in which it runs. Raises ArchError for a network of more than `AT_MOST`."""
    walk = _Walk(architecture)
    walk.container(architecture.body, "top", _Place())
    return tuple(walk.found)


def references(architecture: Architecture) -> frozenset[Path]:
    """The labels whose tensors are read from elsewhere: by a reference or by an auxiliary output."""
    found: set[Path] = set()
    pending: list[Node] = [architecture.body]
    seen: set[Node] = set()
    while pending:
        node = pending.pop()
        if node in seen:
            continue
        seen.add(node)
        if isinstance(node, (Reference, Aux)):
            found.add(node.target)
        pending += node.parts
    return frozenset(found)


@record
class _Place:
    prefix: str = ""
    labels: str = ""
    values: Mapping[str, Dim] = field(default_factory=dict)
    home: object = None
    around: tuple[Merge | Aux, ...] = ()

    def name(self, name: Name) -> str:
        return self.prefix + text(at(name, **self.values))

    def turn(self, node: RepeatNode, turns: Turns, start: int, number: int) -> _Place:
        values: dict[str, Dim] = {str(turns.turn): number}
        if node.index is not None:
            values[node.index] = start + number
        return replace(self, values={**self.values, **values})

    def inside(self, node: Merge | Aux) -> _Place:
        return replace(self, around=(*self.around, node))


class _Walk:
    def __init__(self, architecture: Architecture) -> None:
        self.name = architecture.name
        self.span = architecture.body.span
        self.found: list[Instance] = []
        self.here: Instance | None = None
        self.turns = 0
        self.entries: dict[tuple[Chain, Kind], tuple[Entry, ...]] = {}

    def container(self, chain: Chain, kind: Kind, place: _Place) -> None:
        if (chain, kind) not in self.entries:
            self.entries[chain, kind] = names(chain, style(chain, kind))
        self.members(chain.members, self.entries[chain, kind], replace(place, home=object()))

    def members(self, members: Iterable[Member], entries: tuple[Entry, ...], place: _Place) -> None:
        for member, entry in zip(members, entries, strict=True):
            node = member.node
            if isinstance(node, RepeatNode):
                assert isinstance(entry, Inside)
                self.repeat(node, entry, place)
            elif isinstance(entry, Inside):
                assert isinstance(node, Merge)
                self.merge(node, entry, place)
            else:
                self.named(member, place.name(entry), place)

    def repeat(self, node: RepeatNode, inside: Inside, place: _Place) -> None:
        start = 0
        for run, turns in zip(node.runs, inside.parts, strict=True):
            assert isinstance(turns, Turns)
            assert isinstance(run.count, int)
            # Turns of nothing may be more than anybody counts to.
            for number in range(run.count) if run.node.members else ():
                self.turns += 1
                if self.turns > AT_MOST:
                    raise ArchError(self.too_many())
                self.members(run.node.members, turns.entries, place.turn(node, turns, start, number))
            start += run.count

    def merge(self, node: Merge, inside: Inside, place: _Place) -> None:
        """A merge whose labels belong to the container around it."""
        arriving = self.here
        for branch, entries in zip(node.branches, inside.parts, strict=True):
            assert not isinstance(entries, Turns)
            self.here = arriving
            self.members(branch.members, entries, replace(place.inside(node), home=object()))
        self.here = None

    def named(self, member: Member, name: str, place: _Place) -> None:
        node = member.node
        labels = place.labels + ("#" if member.label is None else name.removeprefix(place.prefix))
        below = replace(place, prefix=name + ".", labels=labels + ".")
        match node:
            case LayerNode():
                self.layer(node, name, labels, member.marks, place)
            case Call():
                self.container(node.body, "block", below)
            case Chain():
                self.container(node, "group", below)
            case Aux():
                self.aux(node, member, name, place)
            case Reference():
                self.here = None
            case Merge() if is_open(node):
                (entry,) = names(as_container(node), "named")
                assert isinstance(entry, Inside)
                self.merge(node, entry, below)
            case Merge():
                arriving = self.here
                for number, branch in enumerate(node.branches):
                    self.here = arriving
                    branch_place = replace(
                        below.inside(node), prefix=f"{name}.{number}.", labels=f"{labels}.#.", home=object()
                    )
                    self.members(branch.members, names(branch, "numbered"), branch_place)
                self.here = None

    def aux(self, node: Aux, member: Member, name: str, place: _Place) -> None:
        arriving, self.here = self.here, None
        alone = Member(label=member.label, node=node.body)
        self.named(alone, name, replace(place.inside(node), home=object()))
        self.here = arriving

    def layer(self, node: LayerNode, name: str, labels: str, marks: tuple[Mark, ...], place: _Place) -> None:
        if len(self.found) >= AT_MOST:
            raise ArchError(self.too_many())
        self.here = Instance(name, node, self.here, place.home, place.around, marks, labels)
        self.found.append(self.here)

    def too_many(self) -> Diagnostic:
        return TooManyCopies(self.span, f"`{self.name}` has more than {AT_MOST:,} layers to go through one by one")
