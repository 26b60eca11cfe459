"""The fourth stage: the network with every number settled."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.analysis.notation import node_text, value_text
from archdsl.ir.marks import spelled
from archdsl.ir.names import Entry, Inside, Kind, Turns, as_container, is_open, names, style
from archdsl.ir.nodes import Aux, Call, Chain, LayerNode, Member, Merge, Node, Reference, Repeat, text
from archdsl.stages.base import Stage, Way


class Settled(Stage):
    """Each node with its name in its container and the shapes that arrive and leave.

    Equal pieces on equal inputs are one node, which is written out once; `= #3` is the node of that number again. A
    name with `{turn0}` is a formula of a repeat's turn, counted from 0.
    """

    name = "ir"
    place = 3

    def lines(self, way: Way) -> Iterator[str]:
        architecture = way.network.architecture
        variant = f" variant {architecture.variant}" if architecture.variant else ""
        yield f"network {architecture.name}{variant}: {architecture.input} → {architecture.output}"
        for name, value in architecture.parameters:
            yield f"  {name} = {value_text(value)}"
        writer = _Writer()
        yield from writer.members(architecture.body, "top", 1)
        for initial in architecture.initials:
            yield f"  init {initial.target} {initial.rule.written}"


class _Writer:
    def __init__(self) -> None:
        self.numbers: dict[Node, int] = {}

    def members(self, chain: Chain, kind: Kind, depth: int) -> Iterator[str]:
        entries = names(chain, "named" if kind == "top" else style(chain, kind))
        yield from self.chain(chain.members, entries, depth)

    def chain(self, members: tuple[Member, ...], entries: tuple[Entry, ...], depth: int) -> Iterator[str]:
        for member, entry in zip(members, entries, strict=True):
            yield from self.member(member, entry, depth)

    def member(self, member: Member, entry: Entry, depth: int) -> Iterator[str]:
        node = member.node
        name = "" if isinstance(entry, Inside) else f"{text(entry)}: "
        marks = f"  @{' @'.join(mark.label for mark in member.marks)}" if member.marks else ""
        head = f"{'  ' * depth}{name}"
        again = self.numbers.get(node)
        # One line is said again as soon as it is referred to.
        if again is not None and not isinstance(node, (LayerNode, Reference)):
            yield f"{head}= #{again}{marks}"
            return
        self.numbers.setdefault(node, len(self.numbers))
        yield f"{head}{_title(node)} #{self.numbers[node]}  {node.input} → {node.output}{marks}"
        yield from self.inside(node, entry, depth + 1)

    def inside(self, node: Node, entry: Entry, depth: int) -> Iterator[str]:
        match node:
            case Repeat():
                assert isinstance(entry, Inside)
                for run, part in zip(node.runs, entry.parts, strict=True):
                    assert isinstance(part, Turns)
                    yield f"{'  ' * depth}{run.count} × as {part.turn}"
                    yield from self.chain(run.node.members, part.entries, depth + 1)
            case Call():
                yield from self.members(node.body, "block", depth)
            case Chain():
                yield from self.members(node, "group", depth)
            case Aux():
                alone = Member(label=None, node=node.body)
                yield from self.member(alone, ("body",), depth)
            case Merge():
                inside = entry
                if is_open(node) and not isinstance(entry, Inside):
                    (inside,) = names(as_container(node), "named")
                for place, branch in enumerate(node.branches):
                    part = inside.parts[place] if isinstance(inside, Inside) else names(branch, "numbered")
                    assert isinstance(part, tuple)
                    yield f"{'  ' * depth}branch {place}"
                    yield from self.chain(branch.members, part, depth + 1)


def _title(node: Node) -> str:
    match node:
        case LayerNode():
            return f"layer {node.layer.written}"
        case Call():
            return f"call {node_text(node)}"
        case Merge():
            shortcut = f" shortcut={node.shortcut} agrees={node.agrees}" if node.shortcut else ""
            return f"merge {node.join.written}{shortcut}"
        case Reference():
            return f"reference @{spelled(node.target)}"
        case Aux():
            return f"aux from @{spelled(node.target)}"
        case Repeat():
            return f"repeat {node.count}" + (f" as {node.index}" if node.index else "")
        case Chain():
            return "container" if node.container else "chain"
    raise AssertionError(f"a settled network has no {type(node).__name__}")
