"""Branches that meet again: a small sign, the arrows to it, and the boxes of those branches that have any."""

from __future__ import annotations

from dataclasses import replace

from archdsl.backends.graphviz.canvas import Canvas
from archdsl.backends.graphviz.drawing import Arrow
from archdsl.backends.graphviz.likeness import is_identity, layers_in
from archdsl.backends.graphviz.places import Marks, Place, Point, changed, look_up
from archdsl.backends.graphviz.wording import shape_text
from archdsl.ir.named import Named
from archdsl.ir.names import is_open, names, style
from archdsl.ir.nodes import Chain, Merge, Node, Reference
from archdsl.layers.base import Role


class Merges:
    """Draws merges for who draws the rest."""

    def __init__(self, canvas: Canvas) -> None:
        self.canvas = canvas

    def merge(self, each: Named, last: Node, x: Point, marks: Marks, place: Place) -> tuple[Point, Marks]:
        """Branches from one tensor to one small sign."""
        node = each.node
        assert isinstance(node, Merge)
        assert isinstance(last, Merge)
        sides = self.sides(node, each)
        inside = place if each.name is None else replace(place, path=place.name(each) + ".")
        if node.is_left_out:
            return self.canvas.chain(sides[0], last.branches[0], x, marks, inside)
        arrows = [self.arrow_of(node, number) for number in range(len(node.branches))]
        identity = node.adds_arriving
        users = sum(not _refers(branch) for branch in node.branches) + identity
        if users > 1 and x.box.frame is not place.frame:
            fork = self.canvas.box("fork", place.frame, "")
            self.canvas.arrow(x, fork)
            x = Point(fork)
        made: Marks = {}
        ends: list[tuple[Point, Arrow, str]] = []
        for number, branch in enumerate(node.branches):
            arrow, label = arrows[number]
            if arrow in ("long", "skip"):
                start = look_up(marks, branch.members[0].node.target) if _refers(branch) else x  # type: ignore[attr-defined]
                ends.append((start or x, arrow, label))
                continue
            before = len(self.canvas.edges)
            aside, self.canvas.aside = (
                self.canvas.aside,
                self.canvas.aside or sum(each[0] == "main" for each in arrows) > 1 or arrow == "project",
            )
            walk = self.shortcut if arrow == "project" else self.canvas.chain
            end, inner = walk(sides[number], last.branches[number], x, {**marks, **made}, inside)
            self.canvas.aside = aside
            if arrow == "project":
                end.shape = ""  # The main path bears the same shape.
            for edge in self.canvas.edges[before:]:
                edge.kind = arrow if edge.kind == "main" else edge.kind
            made |= inner
            ends.append((end, arrow if end is not x or len(node.branches) == 1 else "skip", ""))
        if identity:
            ends.append((x, "skip", ""))
        sign = self.canvas.box("merge", place.frame, node.join.sign, Role.MERGE)
        sign.names.append(place.name(each))
        # The arrow along which the network goes on is drawn first, so that it bears its tensor's shape.
        if not any(arrow == "main" for _, arrow, _ in ends):
            ends = [(end, "main" if end is x else arrow, label) for end, arrow, label in ends]
        for end, arrow, label in sorted(ends, key=lambda each: each[1] != "main"):
            self.canvas.arrow(end, sign, arrow, label)
        inputs, twins = [branch.output for branch in node.branches], [branch.output for branch in last.branches]
        return Point(sign, changed(inputs, twins, node.output, last.output)), made

    def shortcut(
        self, members: tuple[Named, ...], twins: Node, x: Point, marks: Marks, place: Place
    ) -> tuple[Point, Marks]:
        """The layers of a projection; the group that a label makes of them gets no frame."""
        assert isinstance(twins, Chain)
        group = members[0].node if len(members) == 1 else None
        if isinstance(group, Chain):
            inside = replace(place, path=f"{place.name(members[0])}.")
            return self.canvas.chain(names(group, style(group, "group")), twins.members[0].node, x, marks, inside)
        return self.canvas.chain(members, twins, x, marks, place)

    def arrow_of(self, node: Merge, number: int) -> tuple[Arrow, str]:
        """How a branch is drawn: as one arrow (`skip`, `long`) with what is written beside it, or as boxes."""
        branch = node.branches[number]
        if len(branch.members) == 1 and isinstance(branch.members[0].node, Reference):
            return "long", shape_text(branch.output, branch.output)
        layers = layers_in(branch.members)
        if layers and all(is_identity(each) for each in layers):
            return "skip", ""
        return ("project" if node.join.has_shortcut and number == 1 else "main"), ""

    @staticmethod
    def sides(node: Merge, each: Named) -> tuple[tuple[Named, ...], ...]:
        """The members of each branch."""
        if each.name is None:
            return each.sides
        if is_open(node):
            return tuple(names(branch, "named") for branch in node.branches)
        found = (names(branch, "numbered") for branch in node.branches)
        return tuple(tuple(_numbered(inner, number) for inner in side) for number, side in enumerate(found))


def _numbered(each: Named, branch: int) -> Named:
    return each if each.name is None else replace(each, name=(f"{branch}.", *each.name))


def _refers(branch: Chain) -> bool:
    """Whether a branch starts from a label's tensor."""
    return bool(branch.members) and isinstance(branch.members[0].node, Reference)
