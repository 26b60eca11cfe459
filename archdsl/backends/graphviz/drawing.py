"""A picture before it is laid out: boxes inside frames, and arrows between boxes.

Nothing here knows Graphviz, and nothing knows the language; texts are plain and not yet escaped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from archdsl.layers.base import Role
from archdsl.shape import Dim

Outline = Literal["layer", "merge", "block", "end", "fork"]
Kind = Literal["group", "block", "repeat"]
Arrow = Literal["main", "skip", "project", "long"]


class TooLarge(Exception):
    """A drawing needs more boxes than were allowed."""


@dataclass(eq=False)
class Frame:
    """A box around boxes: a block, a labelled group or what is repeated."""

    title: str
    times: str = ""
    parent: Frame | None = None
    kind: Kind = "group"
    labelled: bool = False
    children: list[Frame | Box] = field(default_factory=list)

    def move(self, frame: Frame) -> None:
        """Put it into another frame."""
        self.parent = frame

    @property
    def around(self) -> tuple[Frame, ...]:
        """This frame and those around it, outermost first."""
        return (*(self.parent.around if self.parent else ()), self)


@dataclass(eq=False)
class Box:
    """One node of the picture."""

    number: int
    shape: Outline
    frame: Frame
    title: str
    role: Role | None = None
    times: str = ""
    spine: bool = True
    """Whether it is part of the way straight through, not of a branch beside it."""
    also: list[str] = field(default_factory=list)
    """The normalization, activation and dropout that are folded into it."""
    notes: list[str] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    """What its layers are called in the network."""
    weights: tuple[Dim, Dim] = (0, 0)
    """Its parameters, in the first turn of the repeats around it and in the last."""

    def move(self, frame: Frame) -> None:
        """Put it into another frame."""
        self.frame = frame

    def weigh(self, first: Dim, last: Dim) -> None:
        """Add the parameters of a layer."""
        self.weights = (self.weights[0] + first, self.weights[1] + last)

    @property
    def round(self) -> bool:
        """Whether it is drawn as a circle: a merge with nothing folded into it and a sign for a title."""
        return self.shape == "merge" and not self.also and len(self.title) == 1


@dataclass(eq=False)
class Edge:
    """An arrow from one box to another."""

    tail: Box
    head: Box
    kind: Arrow = "main"
    label: str = ""
    breaks: bool = False
    """Whether it leads on to the next column, and so has no say in how far down its head stands."""


@dataclass(eq=False)
class Drawing:
    """A whole picture."""

    title: str
    subtitle: str
    root: Frame
    boxes: list[Box]
    edges: list[Edge]

    @property
    def roles(self) -> list[Role]:
        """The roles that occur, in the order of their declaration."""
        used = {box.role for box in self.boxes}
        return [role for role in Role if role in used]

    @property
    def frames(self) -> Iterator[Frame]:
        """Every frame except the outermost, each before those inside it."""
        pending = [self.root]
        while pending:
            frame = pending.pop(0)
            inner = [child for child in frame.children if isinstance(child, Frame)]
            yield from inner
            pending += inner


def join_only_children(frame: Frame) -> None:
    """Make one frame of two where the outer holds nothing but the inner, and none of a nameless block of one box."""
    for child in list(frame.children):
        if isinstance(child, Frame):
            join_only_children(child)
            only = child.children[0] if len(child.children) == 1 else None
            if isinstance(only, Box) and child.kind == "block" and not (child.labelled or child.times):
                frame.children[frame.children.index(child)] = only
                only.move(frame)
    while len(frame.children) == 1 and frame.parent is not None:
        inner = frame.children[0]
        if (
            not isinstance(inner, Frame)
            or (frame.times and inner.times)
            or (frame.title and inner.title and frame.times)
        ):
            return
        frame.title = ": ".join(title for title in (frame.title, inner.title) if title)
        frame.times = frame.times or inner.times
        frame.labelled = frame.labelled or inner.labelled
        frame.kind = inner.kind if frame.kind == "group" else frame.kind
        frame.children = inner.children
        for child in frame.children:
            child.move(frame)
