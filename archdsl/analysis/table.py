"""The network as rows, one a layer: a view that gives every node the name it has in the `state_dict`.

Equal turns of a repeat, and equal neighbours without a label, are one row with a count. A row stands for
all its copies: its parameters and MACs are theirs together. The rows below it are of one copy, under the
first one's name. So the rows at depth 1 sum to the network, and those below a row sum, times its count,
to that row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import islice

from archdsl.analysis.cost import Costs
from archdsl.analysis.notation import node_text
from archdsl.analysis.receptive_field import Fields, Reached, ReceptiveFields, fields, start
from archdsl.ir.marks import Path
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
    Repeat,
    at,
    text,
)
from archdsl.record import changed, record
from archdsl.shape import Dim

AT_MOST = 20_000
"""Where a spec shares blocks under many names its rows may be countless; past these, deep ones are left out."""


@record
class Row:
    """One line of the table.

    `name` is the path of the module, of the first copy where there are several, and '' for what is no module: a merge
    whose labels belong to what is around it, a reference. `depth` counts from 1. Sizes are of one
    sample, without the batch. `params` and `macs` are those of all `repeat` copies together. `branch` is
    the number, from 0, of the branch of a merge that begins with this row.
    """

    name: str
    last: str
    """The name of the last copy."""
    layer: str
    depth: int
    repeat: int
    input: tuple[Dim, ...]
    output: tuple[Dim, ...]
    params: Dim
    macs: Dim
    branch: int | None = None
    arithmetic: tuple[str, ...] = ()
    """How the sizes were worked out, for layers that slide a window."""
    fields: Fields | None = None
    """The receptive field along each axis of the input, behind the last copy; None where it was not asked for."""

    @property
    def span(self) -> str:
        """The names of all copies: `layer1.1…2`."""
        return name_range(self.name, self.last)


def rows(
    architecture: Architecture, costs: Costs, depth: int | None = None, receptive: ReceptiveFields | None = None
) -> tuple[Row, ...]:
    """The rows down to a depth; of a network with more than `AT_MOST` the deepest levels are left out."""
    view = _View(costs, receptive)
    found = view.some(architecture.body, depth)
    if found is not None:
        return found
    allowed: tuple[Row, ...] = ()
    for level in range(1, depth or AT_MOST):
        more = view.some(architecture.body, level)
        if more is None:
            break
        allowed = more
    return allowed


def name_range(first: str, last: str) -> str:
    """Two names as a range, what they begin with said once: `layer1.1…2`, `denselayer1…6`."""
    if first == last:
        return first
    ends = re.fullmatch(r"(.*?)([0-9]+)", first), re.fullmatch(r"(.*?)([0-9]+)", last)
    if ends[0] and ends[1] and ends[0][1] == ends[1][1]:
        return f"{first}…{ends[1][2]}"
    return f"{first}…{last}"


@record
class _Place:
    """Where rows stand: under which module, how deep, and in which turns of the repeats around."""

    prefix: str
    depth: int
    values: Mapping[str, Dim]
    training: bool = False
    """Whether this is part of an auxiliary output, which costs nothing outside of training."""
    reached: Reached | None = None
    """What is seen of the network's input from here, where that was asked for."""

    def name(self, name: Name) -> str:
        return self.prefix + text(at(name, **self.values))

    def turn(self, node: Repeat, run: NamedRun, number: Dim) -> _Place:
        """This place in a turn of a run of the repeat."""
        return changed(self, values={**self.values, **run.values(node, number)})

    def below(self, prefix: str | None = None) -> _Place:
        return changed(self, prefix=self.prefix if prefix is None else prefix, depth=self.depth + 1)


class _View:
    def __init__(self, costs: Costs, receptive: ReceptiveFields | None) -> None:
        self.costs = costs
        self.receptive = receptive
        self.depth: int | None = None

    def some(self, body: Chain, depth: int | None) -> tuple[Row, ...] | None:
        """The rows down to a depth, or None if they are too many."""
        self.depth = depth
        place = _Place("", 1, {}, reached=None if self.receptive is None else start(body.input.rank))
        found = tuple(islice(self.container(body, "top", place), AT_MOST + 1))
        return found if len(found) <= AT_MOST else None

    def container(self, chain: Chain, kind: Kind, place: _Place) -> Iterator[Row]:
        if self.depth is None or place.depth <= self.depth:
            yield from self.members(names(chain, style(chain, kind)), place)

    def members(self, members: tuple[Named, ...], place: _Place) -> Iterator[Row]:
        if self.depth is not None and place.depth > self.depth:
            return
        number = 0
        while number < len(members):
            each = members[number]
            equal = _equal_neighbours(members, number)
            if isinstance(each.node, Repeat):
                yield from self.repeat(each.node, each.runs, place)
            elif each.name is None:
                yield from self.open_merge(each, place, 1)
            else:
                last = members[number + equal - 1].name
                yield from self.named(each.node, place.name(each.name), place.name(last or ()), equal, place)
            for passed in members[number : number + equal]:
                place = self.behind(passed.member, place)
            number += equal

    def branches(self, node: Merge, place: _Place) -> Iterator[tuple[int, Chain, _Place]]:
        """The branches by number, each where it begins, with the labels of those before it in reach."""
        for number, branch in enumerate(node.branches):
            yield number, branch, place
            if self.receptive is not None and place.reached is not None:
                _, marks = self.receptive.behind_run(branch, 1, place.reached)
                place = changed(place, reached=place.reached._replace(marks=marks))

    def behind(self, member: Member, place: _Place) -> _Place:
        """The place behind a member."""
        if self.receptive is None or place.reached is None:
            return place
        return changed(place, reached=self.receptive.behind(member, place.reached))

    def repeat(self, node: Repeat, runs: tuple[NamedRun, ...], place: _Place) -> Iterator[Row]:
        for run in runs:
            count = run.run.count
            yield from self.run(run, place.turn(node, run, 0), place.turn(node, run, count - 1))
            if self.receptive is not None and place.reached is not None:
                place = changed(place, reached=self.receptive.behind_run(run.run.node, count, place.reached))

    def run(self, run: NamedRun, first: _Place, last: _Place) -> Iterator[Row]:
        members, count = run.members, run.run.count
        assert isinstance(count, int)
        if count == 1:
            yield from self.members(members, first)
        elif len(members) == 1 and not isinstance(members[0].node, Repeat):
            (each,) = members
            if each.name is None:
                yield from self.open_merge(each, first, count)
            else:
                yield from self.named(each.node, first.name(each.name), last.name(each.name), count, first)
        elif members:
            ends = _end(members[0], first, 0), _end(members[-1], last, -1)
            yield self.row(run.run.node, *ends, count, first)
            yield from self.members(members, first.below())

    def open_merge(self, each: Named, place: _Place, count: int) -> Iterator[Row]:
        """A merge without a name of its own: its members belong to the container around it."""
        node = each.node
        assert isinstance(node, Merge)
        yield self.row(node, "", "", count, place)
        for (number, _, inside), side in zip(self.branches(node, place), each.sides, strict=True):
            yield from _beginning(number, self.members(side, inside.below()))

    def named(self, node: Node, name: str, last: str, count: int, place: _Place) -> Iterator[Row]:
        """A node that has a name, and what is in it."""
        if isinstance(node, Reference):
            name = last = ""
        yield self.row(node, name, last, count, place)
        below = place.below(name + ".")
        if isinstance(node, Aux):
            below = changed(self.at_label(node.target, below), training=True)
            node = node.body
        if isinstance(node, Call):
            yield from self.container(node.body, "block", below)
        elif isinstance(node, Chain):
            yield from self.container(node, "group", below)
        elif isinstance(node, Merge):
            for (number, _, inside), side in zip(self.branches(node, below), branches(node), strict=True):
                place = inside if is_open(node) else changed(inside, prefix=f"{name}.{number}.")
                yield from _beginning(number, self.members(side, place))

    def row(self, node: Node, name: str, last: str, count: int, place: _Place) -> Row:
        cost = self.costs.of(node).times(count)
        return Row(
            name=name,
            last=last,
            layer=node_text(node),
            depth=place.depth,
            repeat=count,
            input=node.input.dims,
            output=(node.body if isinstance(node, Aux) else node).output.dims,
            params=cost.params,
            macs=0 if place.training else cost.macs,
            arithmetic=node.layer.arithmetic(node.input) if isinstance(node, LayerNode) else (),
            fields=self.fields(node, count, place),
        )

    def fields(self, node: Node, count: int, place: _Place) -> Fields | None:
        if isinstance(node, Aux):
            place, node = self.at_label(node.target, place), node.body
        if self.receptive is None or place.reached is None:
            return None
        return fields(self.receptive.after(node, place.reached, count))

    def at_label(self, target: Path, place: _Place) -> _Place:
        """The place where a label's tensor is in place of the one that arrives."""
        reached = place.reached
        return place if reached is None else changed(place, reached=reached._replace(here=reached.marks[target]))


def _beginning(branch: int, found: Iterator[Row]) -> Iterator[Row]:
    """The rows of a branch, the first marked with the branch's number."""
    for row in found:
        yield changed(row, branch=branch)
        break
    yield from found


def _equal_neighbours(members: tuple[Named, ...], start: int) -> int:
    """How many members from `start` on are one and the same module but for their numbers."""
    first = members[start]
    if first.member.label is not None or first.name is None or isinstance(first.node, Reference):
        return 1
    end = start + 1
    while end < len(members) and members[end].member.label is None and members[end].node is first.node:
        end += 1
    return end - start


def _end(each: Named, place: _Place, end: int) -> str:
    """The name of the first (`end` 0) or last (−1) module in a member, '' if there is none."""
    node = each.node
    if each.name is not None:
        return "" if isinstance(node, Reference) else place.name(each.name)
    if isinstance(node, Repeat):
        run = each.runs[end]
        place = place.turn(node, run, run.run.count - 1 if end else 0)
        return _end(run.members[end], place, end) if run.members else ""
    side = each.sides[end]
    return _end(side[end], place, end) if side else ""
