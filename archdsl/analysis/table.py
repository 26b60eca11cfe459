"""The network as rows, one a layer: a view that gives every node the name it has in the `state_dict`.

Equal turns of a repeat, and equal neighbours without a label, are one row with a count. A row stands for
all its copies: its parameters and MACs are theirs together. The rows below it are of one copy, under the
first one's name. So the rows at depth 1 sum to the network, and those below a row sum, times its count,
to that row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice

from archdsl.analysis.cost import Costs
from archdsl.analysis.notation import node_text
from archdsl.analysis.receptive_field import Fields, Reached, ReceptiveFields, fields, start
from archdsl.ir.marks import Path
from archdsl.ir.names import Entry, Inside, Kind, Turns, as_container, is_open, names, style
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
    Run,
    at,
    text,
)
from archdsl.record import record
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

    def turn(self, node: Repeat, turns: Turns, start: Dim, number: Dim) -> _Place:
        """This place in a turn of a run that begins with turn `start` of the repeat."""
        values: dict[str, Dim] = {str(turns.turn): number}
        if node.index is not None:
            values[node.index] = start + number
        return replace(self, values={**self.values, **values})

    def below(self, prefix: str | None = None) -> _Place:
        return replace(self, prefix=self.prefix if prefix is None else prefix, depth=self.depth + 1)


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
            yield from self.members(chain.members, names(chain, style(chain, kind)), place)

    def members(self, members: tuple[Member, ...], entries: tuple[Entry, ...], place: _Place) -> Iterator[Row]:
        if self.depth is not None and place.depth > self.depth:
            return
        number = 0
        while number < len(members):
            member, entry = members[number], entries[number]
            equal = _equal_neighbours(members, entries, number)
            if isinstance(member.node, Repeat):
                assert isinstance(entry, Inside)
                yield from self.repeat(member.node, entry, place)
            elif isinstance(entry, Inside):
                yield from self.open_merge(member.node, entry, place, 1)
            else:
                yield from self.named(
                    member.node, place.name(entry), place.name(_name(entries[number + equal - 1])), equal, place
                )
            for passed in members[number : number + equal]:
                place = self.behind(passed, place)
            number += equal

    def branches(self, node: Merge, place: _Place) -> Iterator[tuple[int, Chain, _Place]]:
        """The branches by number, each where it begins, with the labels of those before it in reach."""
        for number, branch in enumerate(node.branches):
            yield number, branch, place
            if self.receptive is not None and place.reached is not None:
                _, marks = self.receptive.behind_run(branch, 1, place.reached)
                place = replace(place, reached=place.reached._replace(marks=marks))

    def behind(self, member: Member, place: _Place) -> _Place:
        """The place behind a member."""
        if self.receptive is None or place.reached is None:
            return place
        return replace(place, reached=self.receptive.behind(member, place.reached))

    def repeat(self, node: Repeat, names_inside: Inside, place: _Place) -> Iterator[Row]:
        start: Dim = 0
        for run, turns in zip(node.runs, names_inside.parts, strict=True):
            assert isinstance(turns, Turns)
            first = place.turn(node, turns, start, 0)
            last = place.turn(node, turns, start, run.count - 1)
            yield from self.run(run, turns, first, last)
            start = start + run.count
            if self.receptive is not None and place.reached is not None:
                place = replace(place, reached=self.receptive.behind_run(run.node, run.count, place.reached))

    def run(self, run: Run, turns: Turns, first: _Place, last: _Place) -> Iterator[Row]:
        members, entries, count = run.node.members, turns.entries, run.count
        assert isinstance(count, int)
        if count == 1:
            yield from self.members(members, entries, first)
        elif len(members) == 1 and not isinstance(members[0].node, Repeat):
            entry = entries[0]
            if isinstance(entry, Inside):
                yield from self.open_merge(members[0].node, entry, first, count)
            else:
                yield from self.named(members[0].node, first.name(entry), last.name(entry), count, first)
        elif members:
            ends = _end(members[0], entries[0], first, 0), _end(members[-1], entries[-1], last, -1)
            yield self.row(run.node, *ends, count, first)
            yield from self.members(members, entries, first.below())

    def open_merge(self, node: Node, names_inside: Inside, place: _Place, count: int) -> Iterator[Row]:
        """A merge without a name of its own: its members belong to the container around it."""
        assert isinstance(node, Merge)
        yield self.row(node, "", "", count, place)
        for (number, branch, inside), entries in zip(self.branches(node, place), names_inside.parts, strict=True):
            assert not isinstance(entries, Turns)
            yield from _beginning(number, self.members(branch.members, entries, inside.below()))

    def named(self, node: Node, name: str, last: str, count: int, place: _Place) -> Iterator[Row]:
        """A node that has a name, and what is in it."""
        if isinstance(node, Reference):
            name = last = ""
        yield self.row(node, name, last, count, place)
        below = place.below(name + ".")
        if isinstance(node, Aux):
            below = replace(self.at_label(node.target, below), training=True)
            node = node.body
        if isinstance(node, Call):
            yield from self.container(node.body, "block", below)
        elif isinstance(node, Chain):
            yield from self.container(node, "group", below)
        elif isinstance(node, Merge) and is_open(node):
            yield from self.labelled_merge(node, below)
        elif isinstance(node, Merge):
            for number, branch, inside in self.branches(node, below):
                inside = replace(inside, prefix=f"{name}.{number}.")
                yield from _beginning(number, self.members(branch.members, names(branch, "numbered"), inside))

    def labelled_merge(self, node: Merge, place: _Place) -> Iterator[Row]:
        """What is in a merge that is a container, as it has a label and labels inside."""
        (entry,) = names(as_container(node), "named")
        assert isinstance(entry, Inside)
        for (number, branch, inside), entries in zip(self.branches(node, place), entry.parts, strict=True):
            assert not isinstance(entries, Turns)
            yield from _beginning(number, self.members(branch.members, entries, inside))

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
        return place if reached is None else replace(place, reached=reached._replace(here=reached.marks[target]))


def _beginning(branch: int, found: Iterator[Row]) -> Iterator[Row]:
    """The rows of a branch, the first marked with the branch's number."""
    for row in found:
        yield replace(row, branch=branch)
        break
    yield from found


def _equal_neighbours(members: tuple[Member, ...], entries: tuple[Entry, ...], start: int) -> int:
    """How many members from `start` on are one and the same module but for their numbers."""
    if (
        members[start].label is not None
        or isinstance(entries[start], Inside)
        or isinstance(members[start].node, Reference)
    ):
        return 1
    end = start + 1
    while end < len(members) and members[end].label is None and members[end].node is members[start].node:
        end += 1
    return end - start


def _end(member: Member, entry: Entry, place: _Place, end: int) -> str:
    """The name of the first (`end` 0) or last (−1) module in a member, '' if there is none."""
    if not isinstance(entry, Inside):
        return "" if isinstance(member.node, Reference) else place.name(entry)
    part = entry.parts[end]
    if isinstance(part, Turns):
        assert isinstance(member.node, Repeat)
        runs = member.node.runs
        before = sum((run.count for run in runs[:-1]), 0) if end else 0
        chain = runs[end].node
        place = place.turn(member.node, part, before, runs[end].count - 1 if end else 0)
        return _end(chain.members[end], part.entries[end], place, end) if part.entries else ""
    assert isinstance(member.node, Merge)
    return _end(member.node.branches[end].members[end], part[end], place, end) if part else ""


def _name(entry: Entry) -> Name:
    assert not isinstance(entry, Inside)
    return entry
