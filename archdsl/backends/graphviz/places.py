"""Where the walk over a network is, and the tensors it has met: what the parts of the composition hand each other."""

from __future__ import annotations

from dataclasses import dataclass, field

from archdsl.backends.graphviz.drawing import Box, Frame
from archdsl.backends.graphviz.wording import name_text, shape_text
from archdsl.ir.marks import Path
from archdsl.ir.named import Named
from archdsl.ir.nodes import Node
from archdsl.record import record
from archdsl.shape import Dim, Shape


@dataclass(eq=False)
class Point:
    """A tensor: the box that makes it, and the shape to be written on the first arrow that leaves it."""

    box: Box
    shape: str = ""
    sealed: bool = False
    """Something else refers to this very tensor, so that nothing may be folded into its box."""


@record
class Place:
    """Where the walk is: the frame, how many levels may still be opened, the names so far, the turns of repeats."""

    frame: Frame
    room: int
    path: str
    turns: tuple[dict[str, Dim], dict[str, Dim]] = field(default_factory=lambda: ({}, {}))

    def name(self, each: Named) -> str:
        return self.path + ("" if each.name is None else name_text(each.name, self.turns[0]))


Pair = tuple[Node, Node]
"""A node, and the one in its place in the last turn of the repeats around it: they look alike."""

Marks = dict[Path, Point]


def look_up(marks: Marks, target: Path) -> Point | None:
    """The tensor of a label; one inside a closed box is the box's."""
    while target not in marks and len(target) > 1:
        target = target[:-1]
    return marks.get(target)


def changed(inputs: list[Shape], twins: list[Shape], output: Shape, last: Shape) -> str:
    """The shape as text where it isn't that of what came in."""
    return "" if output in inputs and last in twins else shape_text(output, last)
