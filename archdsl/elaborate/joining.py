"""The shape rules of merges: what branches make together, and which of them have to be equal."""

from __future__ import annotations

from collections.abc import Sequence

from archdsl.record import record
from archdsl.shape import Dim, Shape
from archdsl.symbolic import assume_that, compare


@record
class Joined:
    """The shape of joined branches, and the places of those that must have it (for `concat`, up to its channels)."""

    output: Shape
    equal: tuple[int, ...]


def join(kind: str, shapes: Sequence[Shape]) -> Joined:
    """What `concat`, `add` or `mul` makes of shapes; whether they fit is for the caller to ask of `same_shape`."""
    everyone = tuple(range(len(shapes)))
    if kind == "concat":
        total: Dim = sum((shape.channels for shape in shapes), 0)
        return Joined(shapes[0].with_channels(total), everyone)
    if kind == "add":
        return Joined(shapes[0], everyone)
    # A branch of one place a channel, C or C×1×1, scales the channels of the others.
    output = max(shapes, key=lambda shape: (shape.rank, not _is_scale(shape)))
    return Joined(output, tuple(place for place in everyone if not _scales(shapes[place], output)))


def same_shape(left: Shape, right: Shape, channels: bool = True) -> bool:
    """Whether two shapes agree, or may agree where sizes are unknown, which is then assumed."""
    if left.layout is not right.layout or left.rank != right.rank:
        return False
    pairs = list(zip(left.spatial, right.spatial, strict=True))
    if channels:
        pairs.append((left.channels, right.channels))
    if any(a != b and isinstance(a, int) and isinstance(b, int) for a, b in pairs):
        return False
    for a, b in pairs:
        assume_that(a, "==", b)
    return True


def _is_scale(shape: Shape) -> bool:
    return all(size == 1 for size in shape.spatial)


def _scales(shape: Shape, output: Shape) -> bool:
    return _is_scale(shape) and compare("==", shape.channels, output.channels) is not False
