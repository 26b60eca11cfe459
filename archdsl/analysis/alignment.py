"""Two networks layer by layer: what came, what went, what changed."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from itertools import groupby, takewhile
from typing import Literal

from archdsl.analysis.instances import Instance, instances
from archdsl.analysis.pairing import Named, paired
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
    labels: str
    """The name with `#` for what is no label."""

    @classmethod
    def of(cls, layer: Instance) -> LayerOf:
        inner, x = layer.node.layer, layer.node.input
        return cls(
            layer.name,
            inner.written,
            layer.node.output.dims,
            inner.parameters(x),
            inner.macs(x),
            inner.keyword,
            layer.labels,
        )

    @property
    def content(self) -> Hashable:
        """What it is, whatever its name."""
        return self.layer, self.output, self.params, self.macs

    @property
    def named(self) -> Named:
        """What it is paired by."""
        return Named(self.name, self.labels, self.keyword, self.content)

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
        return "same" if self.before.content == self.after.content else "changed"


def difference(before: Architecture, after: Architecture) -> tuple[Pair, ...]:
    """The layers of two networks side by side, in the order of both.

    Of all ways to lay them side by side it is one in which the fewest layers come and go; of those one with the fewest
    labels that differ, then the fewest layers, then the fewest numbers in names. A layer of another kind is the same
    only under the same name. Raises ArchError for a network of too many layers to go through one by one.
    """
    left, right = ([LayerOf.of(layer) for layer in instances(each)] for each in (before, after))
    start = _alike(left, right)
    end = _alike(left[start:][::-1], right[start:][::-1])
    inner, inner_after = left[start : len(left) - end], right[start : len(right) - end]
    return (
        *map(Pair, left[:start], right[:start]),
        *(
            Pair(None if here is None else inner[here], None if there is None else inner_after[there])
            for here, there in paired([each.named for each in inner], [each.named for each in inner_after])
        ),
        *map(Pair, left[len(left) - end :], right[len(right) - end :]),
    )


def _alike(left: Sequence[LayerOf], right: Sequence[LayerOf]) -> int:
    """How many layers are the same at the beginning of both."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(left, right, strict=False)))


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
