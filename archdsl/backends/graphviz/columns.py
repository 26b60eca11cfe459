"""A long drawing in several columns side by side, as a page sets a long text.

A column may end where a single arrow leads on and no block or repeat is open. Sizes are estimates in
points: they only choose the places.
"""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.backends.graphviz.drawing import Box, Drawing, Edge, Frame

SLENDER = 2.0
"""How many times as long as wide a drawing may be before it is broken."""
MOST = 8
_LETTER = 6.6
_GAP = 44.0


def break_into_columns(drawing: Drawing, direction: str) -> None:
    """Mark the arrows that lead on to a next column (a next row where the drawing runs to the right)."""
    layout = _Layout(drawing, direction)
    for columns in range(1, MOST + 1):
        if columns * layout.breadth * SLENDER * columns >= layout.length or columns == MOST:
            break
    if columns == 1:
        return
    for edge in layout.choose(columns):
        edge.breaks = True


@dataclass(frozen=True)
class _Cut:
    edge: Edge
    position: float
    depth: int


class _Layout:
    def __init__(self, drawing: Drawing, direction: str) -> None:
        self.drawing = drawing
        self.along = 1 if direction == "TB" else 0
        self.ends = self.positions()
        self.length = max(self.ends.values())
        self.breadth = max(self.across(box) for box in drawing.boxes)

    def size(self, box: Box) -> tuple[float, float]:
        """About how wide and how high a box is."""
        if box.shape == "fork" or box.round:
            return 20, 20
        lines = [box.title, " · ".join(box.also), *box.notes]
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

    def cuts(self) -> list[_Cut]:
        """Where a column may end."""
        open_: dict[int, list[Edge]] = {}
        crossing = [0] * (len(self.drawing.boxes) + 1)
        for edge in self.drawing.edges:
            crossing[edge.tail.number + 1] += 1
            crossing[edge.head.number + 1] -= 1
            open_.setdefault(edge.head.number, []).append(edge)
        found: list[_Cut] = []
        running = 0
        for number in range(1, len(self.drawing.boxes)):
            running += crossing[number]
            if running != 1 or len(open_.get(number, [])) != 1:
                continue
            edge = open_[number][0]
            shared = _shared(edge.tail.frame, edge.head.frame)
            if all(frame.kind == "group" and not frame.times for frame in shared):
                found.append(_Cut(edge, self.ends[edge.tail], len(shared)))
        return found

    def choose(self, columns: int) -> list[Edge]:
        """The arrows to break so that the columns are about equally long; better between groups than inside one."""
        cuts = self.cuts()
        chosen: list[Edge] = []
        reached, start = 0.0, 0
        for column in range(1, columns):
            target = reached + (self.length - reached) / (columns - column + 1)
            room = [(place, cut) for place, cut in enumerate(cuts) if place >= start and cut.position > reached]
            if not room:
                break
            slack = (self.length - reached) / (columns - column + 1) / 3
            place, best = min(room, key=lambda each: abs(each[1].position - target) + slack * (each[1].depth - 1))
            if best.position >= self.length - _GAP * 2 or best.position - reached < slack:
                break
            chosen.append(best.edge)
            reached, start = best.position, place + 1
        return chosen


def _shared(one: Frame, other: Frame) -> list[Frame]:
    return [frame for frame in one.around if frame in other.around]
