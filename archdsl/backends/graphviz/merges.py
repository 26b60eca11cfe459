"""Branches that meet again: a small sign, the arrows to it, and the boxes of those branches that have any."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from archdsl.backends.graphviz.drawing import Arrow
from archdsl.backends.graphviz.likeness import is_identity, layers_in
from archdsl.backends.graphviz.places import Marks, Pair, Place, Point, changed, look_up
from archdsl.backends.graphviz.wording import shape_text
from archdsl.ir.names import Entry, Inside, is_open, names, style
from archdsl.ir.nodes import Chain, Merge, Reference
from archdsl.layers.base import Role

if TYPE_CHECKING:
    from archdsl.backends.graphviz.composition import Composer


class Merges:
    """Draws merges for a composer."""

    def __init__(self, composer: Composer) -> None:
        self.composer = composer

    def merge(self, pair: Pair, entry: Entry, x: Point, marks: Marks, place: Place) -> tuple[Point, Marks]:
        """Branches from one tensor to one small sign."""
        node, last = pair
        assert isinstance(node, Merge)
        assert isinstance(last, Merge)
        entries = self.branch_entries(node, entry)
        inside = place if isinstance(entry, Inside) else replace(place, path=place.name(entry) + ".")
        if node.is_left_out:
            return self.composer.chain((node.branches[0], last.branches[0]), entries[0], x, marks, inside)
        arrows = [self.arrow_of(node, number) for number in range(len(node.branches))]
        identity = node.adds_arriving
        users = sum(not _refers(branch) for branch in node.branches) + identity
        if users > 1 and x.box.frame is not place.frame:
            fork = self.composer.box("fork", place.frame, "")
            self.composer.arrow(x, fork)
            x = Point(fork)
        made: Marks = {}
        ends: list[tuple[Point, Arrow, str]] = []
        for number, branch in enumerate(node.branches):
            arrow, label = arrows[number]
            if arrow in ("long", "skip"):
                start = look_up(marks, branch.members[0].node.target) if _refers(branch) else x  # type: ignore[attr-defined]
                ends.append((start or x, arrow, label))
                continue
            before = len(self.composer.edges)
            aside, self.composer.aside = (
                self.composer.aside,
                self.composer.aside or sum(each[0] == "main" for each in arrows) > 1 or arrow == "project",
            )
            walk = self.shortcut if arrow == "project" else self.composer.chain
            end, inner = walk((branch, last.branches[number]), entries[number], x, {**marks, **made}, inside)
            self.composer.aside = aside
            if arrow == "project":
                end.shape = ""  # The main path bears the same shape.
            for edge in self.composer.edges[before:]:
                edge.kind = arrow if edge.kind == "main" else edge.kind
            made |= inner
            ends.append((end, arrow if end is not x or len(node.branches) == 1 else "skip", ""))
        if identity:
            ends.append((x, "skip", ""))
        sign = self.composer.box("merge", place.frame, node.join.sign, Role.MERGE)
        sign.names.append(place.name(entry))
        # The arrow along which the network goes on is drawn first, so that it bears its tensor's shape.
        if not any(arrow == "main" for _, arrow, _ in ends):
            ends = [(end, "main" if end is x else arrow, label) for end, arrow, label in ends]
        for end, arrow, label in sorted(ends, key=lambda each: each[1] != "main"):
            self.composer.arrow(end, sign, arrow, label)
        inputs, twins = [branch.output for branch in node.branches], [branch.output for branch in last.branches]
        return Point(sign, changed(inputs, twins, node.output, last.output)), made

    def shortcut(
        self, pair: Pair, entries: tuple[Entry, ...], x: Point, marks: Marks, place: Place
    ) -> tuple[Point, Marks]:
        """The layers of a projection; the group that a label makes of them gets no frame."""
        node, last = pair
        assert isinstance(node, Chain)
        assert isinstance(last, Chain)
        group, twin = (each.members[0].node if len(each.members) == 1 else each for each in (node, last))
        if isinstance(group, Chain) and group is not node:
            inside = replace(place, path=f"{place.name(entries[0])}.")
            return self.composer.chain((group, twin), names(group, style(group, "group")), x, marks, inside)
        return self.composer.chain(pair, entries, x, marks, place)

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
    def branch_entries(node: Merge, entry: Entry) -> list[tuple[Entry, ...]]:
        """The names of the members of each branch."""
        if isinstance(entry, Inside):
            return [part for part in entry.parts if isinstance(part, tuple)]
        if is_open(node):
            return [names(branch, "named") for branch in node.branches]
        found = [names(branch, "numbered") for branch in node.branches]
        return [tuple(_numbered(each, number) for each in entries) for number, entries in enumerate(found)]


def _numbered(entry: Entry, branch: int) -> Entry:
    return entry if isinstance(entry, Inside) else (f"{branch}.", *entry)


def _refers(branch: Chain) -> bool:
    """Whether a branch starts from a label's tensor."""
    return bool(branch.members) and isinstance(branch.members[0].node, Reference)
