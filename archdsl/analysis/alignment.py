"""Two networks layer by layer: what came, what went, what changed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal, TypeAlias

from archdsl.analysis.instances import Instance, instances
from archdsl.ir.nodes import Architecture
from archdsl.record import record
from archdsl.shape import Dim

Status = Literal["same", "came", "went", "changed"]


@record
class LayerOf:
    """A layer of one of the two networks; sizes are of one sample, MACs multiply-accumulates."""

    name: str
    layer: str
    output: tuple[Dim, ...]
    params: Dim
    macs: Dim
    keyword: str

    @classmethod
    def of(cls, layer: Instance) -> LayerOf:
        inner, x = layer.node.layer, layer.node.input
        return cls(layer.name, inner.written, layer.node.output.dims, inner.parameters(x), inner.macs(x), inner.keyword)

    @property
    def pattern(self) -> str:
        """The name without its numbers, which shift when a layer comes or goes."""
        return re.sub(r"[0-9]+", "#", self.name)


@record
class Pair:
    """A layer before and after: one is None where it came or went."""

    before: LayerOf | None
    after: LayerOf | None

    @property
    def status(self) -> Status:
        if self.before is None:
            return "came"
        if self.after is None:
            return "went"
        same = (self.before.layer, self.before.output, self.before.params, self.before.macs) == (
            self.after.layer,
            self.after.output,
            self.after.params,
            self.after.macs,
        )
        return "same" if same else "changed"


def difference(before: Architecture, after: Architecture) -> tuple[Pair, ...]:
    """The layers of two networks side by side, in the order of both.

    Layers are the same by their labels and what is written; between those that are, by name, by what is written, and
    last by their kind, each in order. Raises ArchError for a network of too many layers to go through one by one.
    """
    left, right = ([LayerOf.of(layer) for layer in instances(each)] for each in (before, after))
    return tuple(_aligned(left, right, _RULES))


Rule: TypeAlias = Callable[[LayerOf], Hashable]

_RULES: tuple[Rule, ...] = (
    lambda layer: (layer.pattern, layer.layer, layer.output),
    lambda layer: (layer.pattern, layer.layer),
    lambda layer: layer.name,
    lambda layer: layer.layer,
    lambda layer: layer.keyword,
)
"""By what two layers are taken for the same, the surest first."""


def _aligned(left: Sequence[LayerOf], right: Sequence[LayerOf], rules: Sequence[Rule]) -> Iterator[Pair]:
    if not rules or not left or not right:
        yield from (Pair(each, None) for each in left)
        yield from (Pair(None, each) for each in right)
        return
    rule, *others = rules
    keys, keys_after = ([rule(layer) for layer in side] for side in (left, right))
    here = there = 0
    for start, other, size in _matching(keys, keys_after):
        yield from _aligned(left[here:start], right[there:other], others)
        yield from map(Pair, left[start : start + size], right[other : other + size])
        here, there = start + size, other + size


WORTH_MATCHING = 5_000_000
"""Pairs of equal keys that are looked at for the longest stretches in common; thousands of layers alike are more."""


def _matching(left: list[Hashable], right: list[Hashable]) -> list[tuple[int, int, int]]:
    """Stretches that are the same on both sides: where each begins and its length; last an empty one at the end."""
    behind = Counter(right)
    if sum(times * behind[key] for key, times in Counter(left).items()) <= WORTH_MATCHING:
        return [*SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()]
    # So much alike is matched from both ends.
    shorter = min(len(left), len(right))
    start = next((place for place in range(shorter) if left[place] != right[place]), shorter)
    end = next((place for place in range(shorter - start) if left[-1 - place] != right[-1 - place]), shorter - start)
    return [(0, 0, start), (len(left) - end, len(right) - end, end), (len(left), len(right), 0)]


@record
class Folded:
    """Pairs that are alike but for a number in their names, which runs from one to the next."""

    first: Pair
    last: Pair
    count: int


def folded(pairs: Sequence[Pair]) -> Iterator[Folded]:
    """Pairs with the layers of equal blocks in a row told once: of seventeen that came, one with their number."""
    for _, run in groupby(pairs, key=lambda pair: pair.status):
        yield from _folded_run(list(run))


def _folded_run(run: list[Pair]) -> Iterator[Folded]:
    blocks = [list(block) for _, block in groupby(run, key=_block)]
    shapes = [[_shape_of(pair) for pair in block] for block in blocks]
    start = 0
    while start < len(blocks):
        end = start + 1
        while end < len(blocks) and shapes[end] == shapes[start]:
            end += 1
        for first, last in zip(blocks[start], blocks[end - 1], strict=True):
            yield Folded(first, last, end - start)
        start = end


def _side(pair: Pair) -> LayerOf:
    side = pair.after or pair.before
    assert side is not None
    return side


def _block(pair: Pair) -> str:
    """The block that a layer is part of: its name up to the last number that something stands behind."""
    name = _side(pair).name
    match = re.match(r"(.*[0-9]+)\.[^.]*[A-Za-z_]", name)
    return match[1] if match else name


def _shape_of(pair: Pair) -> tuple[object, ...]:
    return tuple((side.pattern, side.layer, side.output) if side else None for side in (pair.before, pair.after))
