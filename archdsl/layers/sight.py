"""What a tensor sees of another, axis by axis: the arithmetic of receptive fields.

Positions count from 0 and go on beyond both edges, as if there were more image where there is padding. A map
sees the same again at regular steps, so that one period of it tells all: a window has a period of 1 and
advances by its stride, a transposed one has its stride for a period and advances by 1. (Araujo et al. 2019 do
the same for windows alone.)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from enum import Enum
from fractions import Fraction

from archdsl.record import record
from archdsl.shape import Dim, Window

LARGEST_PERIOD = 1024
"""Past this, phases are put together, by which a sight may come out larger than it is."""


class Extent(Enum):
    """What is seen where that is no window."""

    WHOLE = "whole"
    UNKNOWN = "unknown"
    """It depends on a size that was left open, or moves on by a step that no network has."""


@record
class Sight:
    """For each position of one axis, the first and the last position that it sees of another axis.

    `first[j]` and `last[j]` are those of position j of one period; `len(first)` positions further on, both are
    `advance` larger. Where `first` is behind `last`, the position sees nothing.
    """

    advance: int
    first: tuple[int, ...]
    last: tuple[int, ...]

    @classmethod
    def of(cls, period: int, advance: int, ends: Callable[[int], tuple[int, int]]) -> Sight:
        """`ends(j)` is what position j sees, for each of a period."""
        first, last = zip(*(ends(position) for position in range(period)), strict=True)
        return cls(advance, first, last)._small()

    @property
    def period(self) -> int:
        return len(self.first)

    @property
    def stride(self) -> Fraction:
        """How far what is seen moves on from one position to the next, on average."""
        return Fraction(self.advance, self.period)

    @property
    def size(self) -> int:
        """How many positions are seen by the position that sees most."""
        return max(0, *(last - first + 1 for first, last in zip(self.first, self.last, strict=True)))

    def at(self, position: int) -> tuple[int, int]:
        """The first and last that a position sees."""
        turn, phase = divmod(position, self.period)
        return self.first[phase] + turn * self.advance, self.last[phase] + turn * self.advance

    def through(self, beyond: Sight) -> Sight:
        """What is seen through this sight of what lies beyond it: `beyond` is what this one's object sees."""
        turns = beyond.period // math.gcd(beyond.period, self.advance)
        advance = self.advance * turns // beyond.period * beyond.advance

        def ends(position: int) -> tuple[int, int]:
            return beyond._between(*self.at(position))

        return Sight.of(self.period * turns, advance, ends)

    def _between(self, start: int, stop: int) -> tuple[int, int]:
        """The first and last that the positions from `start` to `stop` see."""
        if self.period == 1 or start >= stop:
            return self.at(start)[0], self.at(stop)[1]
        # The outermost aren't always seen by the ends, where a dilated window is laid out with a stride.
        near = map(self.at, range(start, min(stop, start + self.period) + 1))
        far = map(self.at, range(max(start, stop - self.period), stop + 1))
        firsts = [first for first, last in near if first <= last]
        lasts = [last for first, last in far if first <= last]
        return (min(firsts), max(lasts)) if firsts and lasts else (self.at(start)[0], self.at(stop)[1])

    def together(self, other: Sight) -> Sight:
        """What the two see between them. Where their strides differ they drift apart, and the larger is taken."""
        if self.stride != other.stride:
            return max(self, other, key=lambda sight: sight.size)
        period = math.lcm(self.period, other.period)

        def ends(position: int) -> tuple[int, int]:
            pairs = [pair for pair in (self.at(position), other.at(position)) if pair[0] <= pair[1]]
            if not pairs:
                return self.at(position)
            return min(first for first, _ in pairs), max(last for _, last in pairs)

        return Sight.of(period, int(self.stride * period), ends)

    def _small(self) -> Sight:
        """The same with as short a period as its stride allows, if it is too long."""
        short = self.stride.denominator
        if self.period <= LARGEST_PERIOD or short == self.period:
            return self
        step = self.stride.numerator
        turns = range(self.period // short)
        return Sight(
            step,
            tuple(min(self.first[phase + turn * short] - turn * step for turn in turns) for phase in range(short)),
            tuple(max(self.last[phase + turn * short] - turn * step for turn in turns) for phase in range(short)),
        )


SAME = Sight(1, (0,), (0,))
"""Each position sees itself."""


@record
class Along:
    """What is seen along one axis, and which axis of the tensor that sees runs along it."""

    axis: int
    sight: Sight


View = tuple[Along | Extent, ...]
"""What a tensor sees of another: one for each spatial axis of what is seen, of which a vector has none."""


def unchanged(rank: int) -> View:
    """Each place sees itself."""
    return tuple(Along(axis, SAME) for axis in range(rank))


def along(sights: Iterable[Sight | Extent]) -> View:
    """A sight for each axis, axes in order."""
    return tuple(_along(axis, sight) for axis, sight in enumerate(sights))


def everything(rank: int) -> View:
    """Every place sees the whole."""
    return (Extent.WHOLE,) * rank


def through(near: View, beyond: View) -> View:
    """What a tensor sees through another: `near` is its view of that, `beyond` the other's of what lies behind."""
    blurred = bool(near) and all(each is Extent.WHOLE for each in near)
    seen: list[Along | Extent] = []
    for each in beyond:
        if isinstance(each, Extent):
            seen.append(Extent.WHOLE if blurred else each)
            continue
        nearer = near[each.axis]
        seen.append(nearer if isinstance(nearer, Extent) else _along(nearer.axis, nearer.sight.through(each.sight)))
    return tuple(seen)


def together(one: View, other: View) -> View:
    """What two tensors that are merged see between them."""
    return tuple(map(_together, one, other))


def _together(one: Along | Extent, other: Along | Extent) -> Along | Extent:
    if isinstance(one, Along) and isinstance(other, Along):
        # Two axes of the outcome that both run along this one: no window is a bound for that.
        return _along(one.axis, one.sight.together(other.sight)) if one.axis == other.axis else Extent.WHOLE
    return Extent.WHOLE if Extent.WHOLE in (one, other) else Extent.UNKNOWN


def _along(axis: int, sight: Sight | Extent) -> Along | Extent:
    if isinstance(sight, Sight) and sight.period <= LARGEST_PERIOD:
        return Along(axis, sight)
    return Extent.UNKNOWN if isinstance(sight, Sight) else sight


def window(window: Window) -> Sight | Extent:
    """A window that slides: position j sees j·s − p to j·s − p + d(k − 1)."""
    reach, stride, before = window.reach, window.stride, window.padding[0]
    if not (isinstance(reach, int) and isinstance(stride, int) and isinstance(before, int)):
        return Extent.UNKNOWN
    return Sight(stride, (-before,), (reach - 1 - before,))


def transposed(window: Window) -> Sight | Extent:
    """A window that is laid out by each position of the input: position j sees the i for which i·s − p + d·t = j."""
    kernel, stride, before, dilation = window.kernel, window.stride, window.padding[0], window.dilation
    if not (
        isinstance(kernel, int) and isinstance(stride, int) and isinstance(before, int) and isinstance(dilation, int)
    ):
        return Extent.UNKNOWN
    if stride > LARGEST_PERIOD:
        return Extent.UNKNOWN

    def ends(position: int) -> tuple[int, int]:
        place = position + before
        first = (place - dilation * tap for tap in range(kernel - 1, max(kernel - 1 - stride, -1), -1))
        last = (place - dilation * tap for tap in range(min(kernel, stride)))
        seen_first = next((each // stride for each in first if each % stride == 0), None)
        seen_last = next((each // stride for each in last if each % stride == 0), None)
        if seen_first is None or seen_last is None:
            # Nothing is seen; what is first lies behind what is last.
            return -(-place // stride), place // stride
        return seen_first, seen_last

    return Sight.of(stride, 1, ends)


def bins(size: Dim, count: Dim) -> Sight | Extent:
    """As many bins as are wanted: bin j spans ⌊j·i/o⌋ to ⌈(j + 1)·i/o⌉ − 1. A single one is the whole."""
    if count == 1:
        return Extent.WHOLE
    if size == count:
        return SAME
    if not (isinstance(size, int) and isinstance(count, int)) or count > LARGEST_PERIOD:
        return Extent.UNKNOWN
    common = math.gcd(size, count)
    return Sight.of(count // common, size // common, lambda j: (j * size // count, -(-(j + 1) * size // count) - 1))


def interpolated(scale: Dim, taps: int, size: Dim | None = None) -> Sight | Extent:
    """A map made larger: position j lies at (j + ½)/scale − ½ and sees that place's neighbours.

    `taps` is 1 for the nearest, 2 for linear, 4 for cubic. With a `size`, the input's, the centres of the
    corners stay in place: j lies at j·(i − 1)/(o − 1).
    """
    if scale == 1:
        return SAME
    if not isinstance(scale, int) or scale > LARGEST_PERIOD:
        return Extent.UNKNOWN
    if taps == 1:
        return Sight(1, (0,) * scale, (0,) * scale)
    step, shift = Fraction(1, scale), Fraction(1 - scale, 2 * scale)
    if size is not None:
        if not isinstance(size, int) or size * scale > LARGEST_PERIOD:
            return Extent.UNKNOWN
        step, shift = Fraction(size - 1, size * scale - 1), Fraction(0)

    def ends(position: int) -> tuple[int, int]:
        place = position * step + shift
        # A position that falls on another's centre sees nothing else.
        around = 0 if place.denominator == 1 else taps // 2
        return math.floor(place) - max(around - 1, 0), math.floor(place) + around

    return Sight.of(step.denominator, step.numerator, ends)
