"""From a network to a drawing: what becomes a box, what a frame, and which arrows join them."""

from __future__ import annotations

from dataclasses import replace

from archdsl.analysis.cost import Cost
from archdsl.analysis.where import Where
from archdsl.backends.graphviz.canvas import Canvas
from archdsl.backends.graphviz.drawing import (
    Drawing,
    Frame,
    join_only_children,
)
from archdsl.backends.graphviz.likeness import Group, Likeness
from archdsl.backends.graphviz.merges import Merges
from archdsl.backends.graphviz.places import Marks, Pair, Place, Point, changed, look_up
from archdsl.backends.graphviz.wording import (
    call_text,
    contents,
    label_text,
    layer_text,
    macs_text,
    parameters_text,
    shape_text,
)
from archdsl.ir.marks import spelled
from archdsl.ir.named import Named, NamedRun
from archdsl.ir.names import names, style
from archdsl.ir.nodes import (
    Architecture,
    Aux,
    Call,
    Chain,
    LayerNode,
    Member,
    Merge,
    Node,
    Reference,
    Repeat,
    reachable,
)
from archdsl.layers.base import Role
from archdsl.shape import Dim

FOLDED = {Role.NORMALIZATION, Role.ACTIVATION, Role.DROPOUT}
MOST_GROUPS = 6
"""How many kinds of turns of one repeat are drawn before the ones in the middle are left out."""


class Composer(Canvas):
    """Walks a network once and collects boxes and arrows. Raises TooLarge beyond `limit` boxes."""

    def __init__(self, architecture: Architecture, depth: int, fold: bool, limit: int) -> None:
        super().__init__(limit)
        self.architecture = architecture
        self.depth = depth
        self.fold = fold
        self.closed = False
        """Whether something could be opened further."""
        self.likeness = Likeness()
        self.costs = self.likeness.costs
        self.merges = Merges(self)
        self.referenced = {mark for path in self.likeness.targets(architecture.body) for mark in path}

    def drawing(self) -> Drawing:
        """The whole picture."""
        net = self.architecture
        root = Frame("")
        start = self.box("end", root, "input")
        start.notes.append(shape_text(net.input, net.input))
        place = Place(root, self.depth, "")
        end, _ = self.chain(names(net.body, style(net.body, "top")), net.body, Point(start), {}, place)
        finish = self.box("end", root, "output")
        finish.notes.append(shape_text(net.output, net.output))
        self.arrow(Point(end.box), finish)
        join_only_children(root)
        cost = self.costs.of(net.body)
        variant = f" · {net.variant}" if net.variant and net.variant != net.name else ""
        where = Where(net).text
        subtitle = " · ".join([*_totals(cost), *([f"where {where}"] if where else [])])
        return Drawing(net.name + variant, subtitle, root, self.boxes, self.edges)

    # Chains

    def chain(
        self, members: tuple[Named, ...], twins: Node, x: Point, marks: Marks, place: Place
    ) -> tuple[Point, Marks]:
        """The members of a chain one after another; what comes back is the last tensor and the labels set here."""
        assert isinstance(twins, Chain)
        made: Marks = {}
        for each, twin in zip(members, twins.members, strict=True):
            x, inner = self.member(each, twin, x, {**marks, **made}, place)
            x.sealed = x.sealed or not self.referenced.isdisjoint(each.member.marks)
            made |= reachable(each.member, inner, x)
        return x, made

    def member(self, each: Named, twin: Member, x: Point, marks: Marks, place: Place) -> tuple[Point, Marks]:
        node, last = pair = (each.node, twin.node)
        if isinstance(node, LayerNode):
            return self.layer(pair, place.name(each), x, place), {}
        if isinstance(node, Repeat):
            return self.repeat(each, last, x, marks, place)
        if isinstance(node, Merge):
            return self.merges.merge(each, last, x, marks, place)
        if isinstance(node, Reference):
            return look_up(marks, node.target) or x, {}
        if isinstance(node, Aux):
            self.auxiliary(each, twin, x, marks, place)
            return x, {}
        assert isinstance(node, (Call, Chain)), f"a settled network has no {type(node).__name__}"
        label = label_text((each.member, twin), place.turns)
        return self.container(pair, label, place.name(each), x, marks, place)

    def auxiliary(self, each: Named, twin: Member, x: Point, marks: Marks, place: Place) -> None:
        """An output of training, beside the way to the network's own."""
        first, last = each.node, twin.node
        assert isinstance(first, Aux)
        assert isinstance(last, Aux)
        around, self.aside = self.aside, True
        alone = Named(Member(label=each.member.label, node=first.body), each.name)
        other = Member(label=twin.label, node=last.body)
        end, _ = self.member(alone, other, look_up(marks, first.target) or x, marks, place)
        finish = self.box("end", place.frame, "output")
        finish.notes += [label_text((each.member, twin), place.turns), "in training only"]
        self.arrow(end, finish)
        self.aside = around

    def layer(self, pair: Pair, name: str, x: Point, place: Place) -> Point:
        """A layer in a box of its own, or folded into the box before it."""
        node, last = pair
        assert isinstance(node, LayerNode)
        assert isinstance(last, LayerNode)
        role = node.layer.role
        if self.fold and role in FOLDED and self.takes_more(x, place):
            box = x.box
            box.also.append(layer_text(node))
        else:
            box = self.box("layer", place.frame, layer_text(node), role)
            self.arrow(x, box)
        box.names.append(name)
        box.weigh(self.costs.of(node).params, self.costs.of(last).params)
        shape = changed([node.input], [last.input], node.output, last.output)
        return Point(box, shape or (x.shape if box is x.box else ""))

    def takes_more(self, x: Point, place: Place) -> bool:
        """Whether the next layer may be folded into the box that made this tensor."""
        return (
            x.box.frame is place.frame and x.box.shape in ("layer", "merge") and not x.sealed and x.box not in self.left
        )

    # Blocks and groups

    def container(self, pair: Pair, label: str, name: str, x: Point, marks: Marks, place: Place) -> tuple[Point, Marks]:
        """A block or a group: a frame around what it holds, or one box where no more levels are to be opened."""
        node, last = pair
        call = isinstance(node, Call)
        body, twin = (node.body, last.body) if isinstance(node, Call) and isinstance(last, Call) else pair
        assert isinstance(body, Chain)
        members = names(body, style(body, "block" if call else "group"))
        if not call and not label:
            return self.chain(members, twin, x, marks, replace(place, path=f"{name}."))
        if place.room == 0:
            self.closed = True
            return self.shut(pair, label, name, x, marks, place, self.costs.of(node)), {}
        title = call_text(node) if isinstance(node, Call) else ""
        frame = self.frame("block" if call else "group", ": ".join(filter(None, (label, title))), place.frame)
        frame.labelled = bool(label)
        inside = Place(frame, place.room - 1, f"{name}.", place.turns)
        return self.chain(members, twin, x, marks, inside)

    def shut(
        self, pair: Pair, label: str, name: str, x: Point, marks: Marks, place: Place, cost: Cost, times: str = ""
    ) -> Point:
        """A block or group as one box, with its notation and totals."""
        node, last = pair
        title = call_text(node) if isinstance(node, Call) else label
        box = self.box("block", place.frame, title)
        box.times = times
        if isinstance(node, Call) and label:
            box.also.append(label)
        elif isinstance(node, Chain):
            title, *rest = contents(node) if not box.title else (box.title, *contents(node))
            box.title, box.also = title, rest
        box.names.append(name)
        box.notes += _totals(cost)
        self.arrow(x, box)
        for target in sorted(self.likeness.targets(node), key=spelled):
            found = look_up(marks, target)
            if found is not None and found.box is not x.box:
                self.arrow(found, box, "long")
        return Point(box, changed([node.input], [last.input], node.output, last.output))

    # Repeats

    def repeat(self, each: Named, last: Node, x: Point, marks: Marks, place: Place) -> tuple[Point, Marks]:
        """Turns that look alike as one frame with their number."""
        node = each.node
        assert isinstance(node, Repeat)
        assert isinstance(last, Repeat)
        groups, twins = self.likeness.groups(node), self.likeness.groups(last)
        shown = len(groups) if len(groups) <= MOST_GROUPS else 2
        made: Marks = {}
        for number, (group, twin) in enumerate(zip(groups, twins, strict=True)):
            if number < shown or number == len(groups) - 1:
                run = each.runs[group.run]
                x, inner = self.turns(node, (group, twin), run, x, {**marks, **made}, place)
                made |= group.marks(inner)
            elif number == shown:
                x = self.gap(groups[shown:-1], x, place)
                made |= {(mark,): x for left_out in groups[shown:-1] for mark in left_out.own_marks}
        return x, made

    def turns(
        self, node: Repeat, groups: tuple[Group, Group], run: NamedRun, x: Point, marks: Marks, place: Place
    ) -> tuple[Point, Marks]:
        group, twin = groups
        if not group.first.members:
            # However often nothing is repeated, there is nothing to draw.
            return x, {}
        first, last = dict(place.turns[0]), dict(place.turns[1])
        turn = str(run.turn)
        first[turn], last[turn] = 0, twin.count - 1
        if node.index is not None:
            first[node.index], last[node.index] = group.start, twin.start + twin.count - 1
        inner = replace(place, turns=(first, last))
        if group.count == 1:
            return self.chain(run.members, twin.last, x, marks, inner)
        times = f"×{group.count:,}" if isinstance(group.count, int) else f"×{group.count}"
        only = group.first.members[0]
        if place.room == 0 and len(group.first.members) == 1 and isinstance(only.node, (Call, Chain)):
            self.closed = True
            twin_only = twin.last.members[0]
            label = label_text((only, twin_only), inner.turns)
            name = inner.name(run.members[0])
            box = self.shut((only.node, twin_only.node), label, name, x, marks, inner, group.cost, times)
            return box, {(mark,): box for mark in only.marks}
        frame = self.frame("repeat", "", place.frame, times)
        end, made = self.chain(run.members, twin.last, x, marks, replace(inner, frame=frame))
        # What leaves the frame is the tensor of the last turn, whatever the arrows inside say of the others.
        return Point(end.box, end.shape and shape_text(group.last.output, twin.last.output)), made

    def gap(self, groups: list[Group], x: Point, place: Place) -> Point:
        """One box for the turns that are left out."""
        count: Dim = sum((group.count for group in groups), 0)
        box = self.box("block", place.frame, f"… {count} more turns")
        cost = groups[0].cost
        for group in groups[1:]:
            cost = cost.plus(group.cost)
        box.notes += _totals(cost)
        self.arrow(x, box)
        inputs, output = [groups[0].first.input], groups[-1].last.output
        return Point(box, changed(inputs, inputs, output, output))


def _totals(cost: Cost) -> list[str]:
    lines = [parameters_text(cost.params, cost.params)] if cost.params != 0 else []
    return lines + ([macs_text(cost.macs)] if cost.macs != 0 else [])
