"""Two sequences of named things laid side by side at the least cost (Needleman & Wunsch 1970)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Hashable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from archdsl.record import record

AT_MOST = 4_000_000
"""So many places of the table are filled, a few seconds' worth; past it names alone say what belongs together."""


@record
class Named:
    """What decides whether two things are one: the name, its part that doesn't shift, the kind, and all else."""

    name: str
    labels: str
    kind: Hashable
    content: Hashable


Place: TypeAlias = "tuple[int | None, int | None]"


def paired(left: Sequence[Named], right: Sequence[Named]) -> list[Place]:
    """The places in both of what belongs together, in the order of both; None where one has nothing.

    It costs most that something stands alone, then that labels differ, then that contents do, then only names, each
    more than all of what costs less. Things of two kinds go together under one name, and cost as much as if each
    stood alone. Names are unique in each.
    """
    slack, apart = 8, abs(len(left) - len(right))
    while len(left) * min(apart + 2 * slack, len(right)) <= AT_MOST:
        table = _Table(left, right, slack)
        # Whoever leaves the band around the diagonal leaves more than this alone.
        if slack >= max(len(left), len(right)) or table.alone < apart + 2 * (slack + 1):
            return table.places()
        slack *= 4
    return _by_name(left, right)


class _Table:
    """The least cost of each pair of beginnings, in a band around the diagonal: `slack` to both sides."""

    def __init__(self, left: Sequence[Named], right: Sequence[Named], slack: int) -> None:
        self.sizes = len(left), len(right)
        self.first = min(0, len(right) - len(left)) - slack
        self.width = abs(len(right) - len(left)) + 2 * slack + 1
        base = len(left) + len(right) + 1
        self.changed, self.label, self.gap = base, base**2, base**3
        self.moves: list[bytearray] = []
        row: list[int] = []
        for number in range(len(left) + 1):
            row = self.row(number, left[number - 1] if number else None, right, row)
        self.alone = row[len(right) - len(left) - self.first] / self.gap
        """How many stand alone at the least; of two kinds under one name, each."""

    def row(self, number: int, one: Named | None, right: Sequence[Named], above: list[int]) -> list[int]:
        endless, gap, width = 4 * self.gap * sum(self.sizes) + 1, self.gap, self.width
        costs, moves = [endless] * width, bytearray(width)
        start = number + self.first
        for place in range(max(0, -start), min(width, len(right) + 1 - start)):
            best, move = (0 if one is None and start + place == 0 else endless), _LEFT
            if one is not None and place + 1 < width:
                best = above[place + 1] + gap
            if place and costs[place - 1] + gap <= best:
                best, move = costs[place - 1] + gap, _RIGHT
            if one is not None and start + place:
                other = right[start + place - 1]
                if one.name == other.name or one.kind == other.kind:
                    cost = above[place] + self.cost(one, other)
                    if cost <= best:
                        best, move = cost, _BOTH
            costs[place], moves[place] = best, move
        self.moves.append(moves)
        return costs

    def cost(self, one: Named, other: Named) -> int:
        if one.kind != other.kind:
            return 2 * self.gap - self.label
        cost = 0 if one.content == other.content else self.changed
        if one.name != other.name:
            cost += 1 if one.labels == other.labels else 1 + self.label
        return cost

    def places(self) -> list[Place]:
        here, there = self.sizes
        found: list[Place] = []
        while here or there:
            move = self.moves[here][there - here - self.first]
            here, there = here - (move != _RIGHT), there - (move != _LEFT)
            found.append((None if move == _RIGHT else here, None if move == _LEFT else there))
        return found[::-1]


_BOTH, _LEFT, _RIGHT = range(3)


def _by_name(left: Sequence[Named], right: Sequence[Named]) -> list[Place]:
    """As many as can be under one name, in the order of both: a longest increasing subsequence."""
    where = {each.name: number for number, each in enumerate(right)}
    found = [(number, where[each.name]) for number, each in enumerate(left) if each.name in where]
    ends: list[int] = []
    lengths: list[int] = []
    for _, place in found:
        length = bisect_left(ends, place)
        ends[length : length + 1] = [place]
        lengths.append(length)
    anchors = [(len(left), len(right))]
    for (here, there), length in zip(reversed(found), reversed(lengths), strict=True):
        if length == len(ends) - len(anchors) and there < anchors[-1][1]:
            anchors.append((here, there))
    return list(_between([(-1, -1), *reversed(anchors)]))[:-1]


def _between(anchors: list[tuple[int, int]]) -> Iterator[Place]:
    """The anchors but the first, each with those that stand alone ahead of it."""
    for (here, there), (end, last) in pairwise(anchors):
        yield from ((number, None) for number in range(here + 1, end))
        yield from ((None, number) for number in range(there + 1, last))
        yield end, last
