"""Which turns of a repeat look alike, and which labels a node refers to: each asked once a node."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import TypeVar

from archdsl.analysis.cost import NOTHING, Cost, Costs
from archdsl.ir.marks import Mark, Path
from archdsl.ir.nodes import Aux, Call, Chain, LayerNode, Member, Merge, Node, Reference, Repeat, Run
from archdsl.layers.base import Role
from archdsl.record import record
from archdsl.shape import Dim

Drawn = TypeVar("Drawn")


@record
class Group:
    """Consecutive turns that look alike: the first, the last, and how many."""

    first: Chain
    last: Chain
    start: Dim
    count: Dim
    cost: Cost
    run: int
    """The place of its first run in the repeat."""
    chains: tuple[Chain, ...]
    """The turns of each run, of which the first alone is drawn."""

    @property
    def own_marks(self) -> Iterator[Mark]:
        """The labels' marks in all turns, those inside containers left aside."""
        return (mark for chain in self.chains for member in chain.members for mark in member.marks)

    def marks(self, drawn: Mapping[Path, Drawn]) -> dict[Path, Drawn]:
        """What the labels of all turns name, where those of the first name what was `drawn`."""
        found = dict(drawn)
        for chain in self.chains[1:]:
            for first, other in zip(self.first.members, chain.members, strict=True):
                found |= {(theirs,): drawn[own,] for own, theirs in zip(first.marks, other.marks, strict=False)}
        return found


class Likeness:
    """Answers about nodes, remembered by node. Shapes and labels don't count: only what is drawn in every turn does."""

    def __init__(self) -> None:
        self.costs = Costs()
        self._marks: dict[Node, int] = {}
        self._numbers: dict[Hashable, int] = {}
        self._targets: dict[Node, frozenset[Path]] = {}

    def mark(self, node: Node) -> int:
        """A number that is equal for nodes that look alike."""
        if node not in self._marks:
            self._marks[node] = self._number(self._key(node))
        return self._marks[node]

    def _number(self, key: Hashable) -> int:
        return self._numbers.setdefault(key, len(self._numbers))

    def _key(self, node: Node) -> Hashable:
        parts = tuple(self.mark(part) for part in node.parts)
        if isinstance(node, LayerNode):
            return ("layer", node.layer.written)
        if isinstance(node, Repeat):
            groups = tuple((self.mark(group.first), str(group.count)) for group in self.groups(node))
            return ("repeat", groups)
        if isinstance(node, Merge):
            return ("merge", node.join, node.shortcut, str(node.agrees), parts)
        if isinstance(node, Call):
            return ("call", node.block, parts)
        if isinstance(node, Reference):
            return ("reference", node.target)
        return (type(node).__name__, isinstance(node, Chain) and node.container, parts)

    def groups(self, node: Repeat) -> list[Group]:
        """The turns of a repeat, those that look alike together."""
        found: list[Group] = []
        runs: list[Run] = []
        start: Dim = 0
        for place, run in enumerate(node.runs):
            if runs and self.mark(runs[0].node) != self.mark(run.node):
                found.append(self._group(runs, start, place - len(runs)))
                start = start + found[-1].count
                runs = []
            runs.append(run)
        if runs:
            found.append(self._group(runs, start, len(node.runs) - len(runs)))
        return found

    def _group(self, runs: Sequence[Run], start: Dim, place: int) -> Group:
        return Group(
            first=runs[0].node,
            last=runs[-1].node,
            start=start,
            count=sum((run.count for run in runs), 0),
            cost=sum_costs(self.costs.of(run.node).times(run.count) for run in runs),
            run=place,
            chains=tuple(run.node for run in runs),
        )

    def targets(self, node: Node) -> frozenset[Path]:
        """Every tensor that a reference inside a node names."""
        if node not in self._targets:
            own = {node.target} if isinstance(node, (Reference, Aux)) else set()
            self._targets[node] = frozenset(own.union(*(self.targets(part) for part in node.parts)))
        return self._targets[node]


def sum_costs(costs: Iterable[Cost]) -> Cost:
    """All of the costs together."""
    return reduce(Cost.plus, costs, NOTHING)


def layers_in(members: Sequence[Member]) -> list[LayerNode] | None:
    """The layers of a chain in order, groups looked into; None if it holds anything but layers."""
    found: list[LayerNode] = []
    for member in members:
        if isinstance(member.node, LayerNode):
            found.append(member.node)
        elif isinstance(member.node, Chain):
            inner = layers_in(member.node.members)
            if inner is None:
                return None
            found += inner
        else:
            return None
    return found


def is_identity(node: LayerNode) -> bool:
    """Whether a layer hands on what arrives: a reshaping that keeps every element in its place."""
    return node.layer.role is Role.RESHAPE and node.layer.elementwise
