"""A long drawing in several columns side by side, as a page sets a long text.

A column may end where a single arrow leads on and no block or repeat is open. A labelled group that is open
there becomes two frames, of which the second says that it goes on. Sizes are estimates in points: they
only choose the places.
"""

from __future__ import annotations

from itertools import pairwise

from archdsl.backends.graphviz.drawing import Box, Drawing, Edge, Frame
from archdsl.backends.graphviz.wording import wrapped
from archdsl.record import record

SLENDER = 2.0
"""How many times as long as wide a drawing may be before it is broken."""
UNBEARABLE = 8.0
"""How many times as long as wide it may be before long skips are broken too."""
UNEVEN = 1.5
"""How many times its fair share a column may be long before groups are broken."""
NO_GAIN = 0.85
"""The share of a drawing in one column that makes breaking the rest no gain."""
WHOLE = 0.6
"""That share where there are long skips, which are better seen whole."""
SHORT = 800.0
"""A length that is never broken."""
MOST = 8
_CONTINUED = ", continued"
_LETTER = 6.6
_GAP = 44.0


def break_into_columns(drawing: Drawing, direction: str) -> None:
    """Mark the arrows that lead on to a next column (a next row where the drawing runs to the right)."""
    layout = _Layout(drawing, direction)
    columns = 1
    while columns < MOST and columns * layout.breadth * SLENDER * columns < layout.length:
        columns += 1
    if columns == 1 or layout.length < SHORT:
        return
    chosen = layout.choose(layout.cuts(), columns)
    if layout.longest(chosen) > NO_GAIN * layout.length:
        chosen = []
    if layout.skips and layout.longest(chosen) > WHOLE * layout.length:
        unbearable = layout.length > UNBEARABLE * layout.breadth
        chosen = layout.choose(layout.cuts(through_skips=True), columns) if unbearable else []
    for cut in chosen:
        for edge in (cut.edge, *cut.skips):
            edge.breaks = True
        _part(_shared(cut.edge.tail.frame, cut.edge.head.frame)[1:], cut.edge.head.number)


@record
class _Cut:
    edge: Edge
    position: float
    depth: int
    skips: tuple[Edge, ...]


class _Layout:
    def __init__(self, drawing: Drawing, direction: str) -> None:
        self.drawing = drawing
        self.along = 1 if direction == "TB" else 0
        self.ends = self.positions()
        self.skips = [edge for edge in drawing.edges if edge.kind == "long"]
        self.ways = [edge for edge in drawing.edges if edge.kind != "long"]
        self.length = max(self.ends.values())
        beside = max(len(self.crossing(self.skips, number)) for number in range(len(drawing.boxes) + 1))
        self.breadth = max(self.across(box) for box in drawing.boxes) + beside * (60 if self.along else 25)

    def size(self, box: Box) -> tuple[float, float]:
        """About how wide and how high a box is."""
        if box.shape == "fork" or box.round:
            return 20, 20
        lines = [box.title, *wrapped(box.also), *box.notes]
        return max(map(len, lines)) * _LETTER + 20, 16 + 13 * len(list(filter(None, lines)))

    def across(self, box: Box) -> float:
        """About how broad a column with this box is: frames around it and an arrow past it take room too."""
        return self.size(box)[1 - self.along] + 18 * len(box.frame.around) + (50 if self.along else 20)

    def positions(self) -> dict[Box, float]:
        """How far along the drawing each box ends, by the longest way to it."""
        before: dict[Box, list[Box]] = {box: [] for box in self.drawing.boxes}
        for edge in self.drawing.edges:
            before[edge.head].append(edge.tail)
        ends: dict[Box, float] = {}
        for box in self.drawing.boxes:
            ends[box] = max((ends[each] + _GAP for each in before[box]), default=0) + self.size(box)[self.along]
        return ends

    @staticmethod
    def crossing(edges: list[Edge], number: int) -> list[Edge]:
        """The arrows from boxes before this one to it or to later ones."""
        return [edge for edge in edges if edge.tail.number < number <= edge.head.number]

    def cuts(self, through_skips: bool = False) -> list[_Cut]:
        """Where a column may end."""
        found: list[_Cut] = []
        for number in range(1, len(self.drawing.boxes)):
            ways, skips = self.crossing(self.ways, number), self.crossing(self.skips, number)
            if len(ways) != 1 or ways[0].head.number != number or (skips and not through_skips):
                continue
            edge = ways[0]
            shared = _shared(edge.tail.frame, edge.head.frame)
            if all(frame.kind == "group" and not frame.times for frame in shared):
                found.append(_Cut(edge, self.ends[edge.tail], len(shared), tuple(skips)))
        return found

    def choose(self, cuts: list[_Cut], columns: int) -> list[_Cut]:
        """The cuts that make columns about equally long: between groups, and inside one only where it is very long."""
        chosen: list[_Cut] = []
        for depth in sorted({cut.depth for cut in cuts}):
            chosen = self.nearest([cut for cut in cuts if cut.depth <= depth], columns)
            if self.longest(chosen) <= UNEVEN * self.length / columns:
                break
        return chosen

    def longest(self, cuts: list[_Cut]) -> float:
        """The length of the longest column."""
        ends = [0.0, *(cut.position for cut in cuts), self.length]
        return max(end - start for start, end in pairwise(ends))

    def nearest(self, cuts: list[_Cut], columns: int) -> list[_Cut]:
        """The cuts nearest to where columns of equal length would end."""
        chosen: list[_Cut] = []
        reached = 0.0
        for left in range(columns, 1, -1):
            share = (self.length - reached) / left
            room = [cut for cut in cuts if reached + share / 3 <= cut.position < self.length - 2 * _GAP]
            if not room:
                break
            chosen.append(min(room, key=lambda cut: abs(cut.position - reached - share)))
            reached = chosen[-1].position
        return chosen


def _shared(one: Frame, other: Frame) -> list[Frame]:
    return [frame for frame in one.around if frame in other.around]


def _part(frames: list[Frame], number: int) -> None:
    """Let frames, outermost first, end ahead of a box, and others like them begin with it."""
    # From the inside, so that what goes on of a frame is there when the one around it is parted.
    for frame in reversed(frames):
        assert frame.parent is not None
        title = frame.title.removesuffix(_CONTINUED) + _CONTINUED
        later = Frame(title, frame.times, frame.parent, frame.kind, frame.labelled)
        later.children = [child for child in frame.children if _first(child) >= number]
        around = frame.parent
        around.children.insert(around.children.index(frame) + 1, later)
        frame.children = [child for child in frame.children if _first(child) < number]
        for child in later.children:
            child.move(later)


def _first(child: Frame | Box) -> int:
    """The number of the first box of a frame."""
    return child.number if isinstance(child, Box) else min(map(_first, child.children))
