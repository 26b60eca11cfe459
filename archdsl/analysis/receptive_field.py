"""Receptive fields: which places of the input one place of a tensor may depend on.

Each layer's class says what its output sees of its input; here these views are put together. What a node sees is
worked out once, relative to what arrives and to the labels it refers to, and a repeat by squaring, so that the
cost is that of the distinct nodes. A merge sees what its branches see between them: the largest path, and the
whole image where one branch pools it. (Araujo et al. 2019, for chains and the largest path.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from archdsl.ir.marks import Path
from archdsl.ir.nodes import Aux, Call, Chain, LayerNode, Member, Merge, Node, Reference, Repeat, reachable
from archdsl.layers.sight import Extent, View, through, together, unchanged
from archdsl.record import record
from archdsl.shape import Dim


@record
class Field:
    """The receptive field along one axis of the input, in pixels.

    `size` is that of the place which sees most, and counts padding; `stride` is how far the field moves from one
    place to the next; `offset` is the first pixel that place 0 sees, negative in the padding.
    """

    size: int
    stride: Fraction
    offset: int


Fields = tuple[Field | Extent, ...]
"""A field for each spatial axis of the input; none for a network on vectors."""

Views = Mapping[Path | None, View]
"""What a tensor sees: by label, of the tensor that the label names, and under None of the one that arrives."""


class Seen(NamedTuple):
    """What the output of a node sees, and what is seen by the labels that it makes reachable."""

    output: Views
    marks: Mapping[Path, Views]


class Reached(NamedTuple):
    """What is seen of the network's input by the tensor at some place, and by the labels in reach there."""

    here: View
    marks: Mapping[Path, View]


def start(rank: int) -> Reached:
    """At the input itself."""
    return Reached(unchanged(rank), {})


def fields(view: View) -> Fields:
    """The receptive field of a tensor that sees this of the input."""
    return tuple(
        each if isinstance(each, Extent) else Field(each.sight.size, each.sight.stride, each.sight.at(0)[0])
        for each in view
    )


class ReceptiveFields:
    """What nodes see, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[Node, Seen] = {}

    def of(self, node: Node) -> Seen:
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = self._seen(node)
        return found

    def after(self, node: Node, reached: Reached, count: int = 1) -> View:
        """What is seen behind a node, or behind so many copies of it in a row."""
        views = _times(self.of(node), count).output if count > 1 else self.of(node).output
        return _settled(views, reached)

    def behind(self, member: Member, reached: Reached) -> Reached:
        """Where one is behind a member of a chain."""
        seen = self.of(member.node)
        here = _settled(seen.output, reached)
        inner = {path: _settled(views, reached) for path, views in seen.marks.items()}
        return Reached(here, {**reached.marks, **reachable(member, inner, here)})

    def behind_run(self, chain: Chain, count: Dim, reached: Reached) -> Reached:
        """Where one is behind so many turns of a chain."""
        here, marks = reached.here, dict(reached.marks)
        for step in self._steps(chain, count):
            before = Reached(here, dict(marks))
            here = _settled(step.output, before)
            marks |= {name: _settled(views, before) for name, views in step.marks.items()}
        return Reached(here, marks)

    def _steps(self, chain: Chain, count: Dim) -> Sequence[Seen]:
        """Turns of a chain, all in one unless each sees what the one before it made."""
        assert isinstance(count, int)
        turn = self.of(chain)
        return [turn] * count if turn.marks.keys() & turn.output.keys() else [_times(turn, count)]

    def _seen(self, node: Node) -> Seen:
        match node:
            case LayerNode():
                return Seen({None: node.layer.view(node.input)}, {})
            case Call():
                return self.of(node.body)
            case Reference():
                return Seen({node.target: unchanged(node.output.rank)}, {})
            case Chain():
                return self._chain(node)
            case Repeat():
                return self._repeat(node)
            case Merge():
                return self._merge(node)
            case Aux():
                # What arrives goes on; the second output hangs beside it.
                return Seen(_arriving(node), {})
        raise AssertionError(f"a settled network has no {type(node).__name__}")

    def _chain(self, chain: Chain) -> Seen:
        here: Views = _arriving(chain)
        made: dict[Path, Views] = {}
        for member in chain.members:
            seen = self.of(member.node)
            inner = {path: _behind(views, here, made) for path, views in seen.marks.items()}
            here = _behind(seen.output, here, made)
            made |= reachable(member, inner, here)
        return Seen(here, made)

    def _repeat(self, node: Repeat) -> Seen:
        here: Views = _arriving(node)
        made: dict[Path, Views] = {}
        for run in node.runs:
            for step in self._steps(run.node, run.count):
                new = {name: _behind(views, here, made) for name, views in step.marks.items()}
                here = _behind(step.output, here, made)
                made |= new
        return Seen(here, made)

    def _merge(self, node: Merge) -> Seen:
        made: dict[Path, Views] = {}
        outputs: list[Views] = []
        for branch in node.branches:
            seen = self.of(branch)
            arriving = _arriving(node)
            outputs.append(_behind(seen.output, arriving, made))
            made |= {name: _behind(views, arriving, made) for name, views in seen.marks.items()}
        if node.adds_arriving:
            outputs.append(_arriving(node))
        merged = outputs[0]
        for each in outputs[1:]:
            merged = _both(merged, each)
        return Seen(merged, made)


def _arriving(node: Node) -> Views:
    return {None: unchanged(node.input.rank)}


def _behind(views: Views, here: Views, made: Mapping[Path, Views]) -> Views:
    """What is seen by a tensor that sees `views` of its own surroundings, of what those surroundings see."""
    found: Views = {}
    for source, near in views.items():
        beyond = here if source is None else made.get(source)
        found = _both(found, {source: near} if beyond is None else _through(near, beyond))
    return found


def _through(near: View, beyond: Views) -> Views:
    return {source: through(near, view) for source, view in beyond.items()}


def _both(one: Views, other: Views) -> Views:
    shared = {source: together(one[source], other[source]) for source in one if source in other}
    return {**one, **other, **shared}


def _times(seen: Seen, count: int) -> Seen:
    """A turn `count` times over, which sees of labels outside it what its first and its last turn do."""
    if count == 1:
        return seen
    outside: Views = {source: view for source, view in seen.output.items() if source is not None}
    arriving = seen.output.get(None)
    if arriving is None:
        return seen
    power: View | None = None
    square, rest = arriving, count - 1
    while rest:
        if rest % 2:
            power = square if power is None else through(square, power)
        square, rest = through(square, square), rest // 2
    assert power is not None
    before: Views = {None: power}
    if outside:
        # What the first turn saw of them, seen through the others.
        before = _both(before, _through(power, outside))
    return Seen(
        _behind(seen.output, before, {}), {name: _behind(views, before, {}) for name, views in seen.marks.items()}
    )


def _settled(views: Views, reached: Reached) -> View:
    found: View | None = None
    for source, near in views.items():
        view = through(near, reached.here if source is None else reached.marks[source])
        found = view if found is None else together(found, view)
    assert found is not None
    return found
