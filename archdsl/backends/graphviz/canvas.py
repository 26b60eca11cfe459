"""What a picture is collected on: boxes, frames and arrows, whatever walks the network."""

from __future__ import annotations

from abc import ABC, abstractmethod

from archdsl.backends.graphviz.drawing import Arrow, Box, Edge, Frame, Kind, Outline, TooLarge
from archdsl.backends.graphviz.places import Marks, Place, Point
from archdsl.ir.named import Named
from archdsl.ir.nodes import Node
from archdsl.layers.base import Role


class Canvas(ABC):
    """Collects boxes and arrows. Raises TooLarge beyond `limit` boxes."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.aside = False
        """Whether the walk is in a branch beside another."""
        self.boxes: list[Box] = []
        self.edges: list[Edge] = []
        self.left: set[Box] = set()
        """The boxes that an arrow leaves already."""

    @abstractmethod
    def chain(
        self, members: tuple[Named, ...], twins: Node, x: Point, marks: Marks, place: Place
    ) -> tuple[Point, Marks]:
        """Draw members one after another."""

    def box(self, shape: Outline, frame: Frame, title: str, role: Role | None = None) -> Box:
        if len(self.boxes) >= self.limit:
            raise TooLarge
        made = Box(len(self.boxes), shape, frame, title, role, spine=not self.aside)
        self.boxes.append(made)
        frame.children.append(made)
        return made

    def frame(self, kind: Kind, title: str, around: Frame, times: str = "") -> Frame:
        made = Frame(title, times, around, kind)
        around.children.append(made)
        return made

    def arrow(self, tail: Point, head: Box, kind: Arrow = "main", label: str = "") -> None:
        """An arrow; the first to leave a box bears the shape that the box made."""
        if not label:
            label, tail.shape = tail.shape, ""
        self.edges.append(Edge(tail.box, head, kind, label))
        self.left.add(tail.box)
