"""The fourth stage: the network with every number settled."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archdsl.analysis.notation import node_text, value_text
from archdsl.ir.marks import spelled
from archdsl.ir.named import Named
from archdsl.ir.names import Kind, branches, names, style
from archdsl.ir.nodes import Aux, Call, Chain, LayerNode, Member, Merge, Node, Reference, Repeat
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
        yield from self.chain(names(chain, "named" if kind == "top" else style(chain, kind)), depth)

    def chain(self, members: Iterable[Named], depth: int) -> Iterator[str]:
        for each in members:
            yield from self.member(each, depth)

    def member(self, each: Named, depth: int) -> Iterator[str]:
        node, marks = each.node, each.member.marks
        referred = f"  @{' @'.join(mark.label for mark in marks)}" if marks else ""
        head = "  " * depth + ("" if each.name is None else f"{each.text}: ")
        again = self.numbers.get(node)
        # One line is said again as soon as it is referred to.
        if again is not None and not isinstance(node, (LayerNode, Reference)):
            yield f"{head}= #{again}{referred}"
            return
        self.numbers.setdefault(node, len(self.numbers))
        yield f"{head}{_title(node)} #{self.numbers[node]}  {node.input} → {node.output}{referred}"
        yield from self.inside(each, depth + 1)

    def inside(self, each: Named, depth: int) -> Iterator[str]:
        for run in each.runs:
            yield f"{'  ' * depth}{run.run.count} × as {run.turn}"
            yield from self.chain(run.members, depth + 1)
        match each.node:
            case Call(body=body):
                yield from self.members(body, "block", depth)
            case Chain() as chain:
                yield from self.members(chain, "group", depth)
            case Aux(body=body):
                yield from self.member(Named(Member(label=None, node=body), ("body",)), depth)
            case Merge() as merge:
                for place, branch in enumerate(each.sides or branches(merge)):
                    yield f"{'  ' * depth}branch {place}"
                    yield from self.chain(branch, depth + 1)


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
