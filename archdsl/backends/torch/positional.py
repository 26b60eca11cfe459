"""Containers whose members are reached by position: a `forward` of `self[0](x)`, and merges with their branches."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from archdsl.backends.classes.calls import outer_tensors
from archdsl.backends.python.layout import Bracket, Doc, call, lines
from archdsl.backends.torch.context import ClassContext
from archdsl.backends.torch.flow import TENSOR, Flow
from archdsl.backends.torch.items import Item, sequential, turned
from archdsl.backends.torch.members import Members
from archdsl.backends.torch.merging import forward_merge
from archdsl.backends.torch.modules import Modules
from archdsl.backends.torch.needs import holds_modules, is_keyed
from archdsl.ir.named import Named, NamedRun
from archdsl.ir.names import names
from archdsl.ir.nodes import Chain, Choice, LayerNode, Member, Merge, Name, Node, Reference
from archdsl.symbolic import Expr, NeedsValue, negate

ABSENT = "nn.Identity()"
"""What keeps the place of a member without a module, so that positions and names agree."""


class Positional:
    """Writes containers by position for the class that a writer writes."""

    def __init__(self, writer: ClassContext, modules: Modules, members: Members) -> None:
        self.writer = writer
        self.modules = modules
        self.forward = members
        """What writes the lines of a `forward`."""

    def container(self, chain: Chain) -> tuple[list[Item], Flow]:
        """The modules of a numbered container and the `forward` that runs them."""
        items: list[Item] = []
        flow = Flow("x", "x")
        self.members(names(chain, "numbered"), items, flow)
        return items, flow

    def members(self, members: Iterable[Named], items: list[Item], flow: Flow) -> None:
        for each in members:
            node = each.node
            self.writer.source.budget.write(node.span)
            if isinstance(node, Choice):
                # Behind a condition the positions would depend on it.
                raise NeedsValue(node.condition)
            for run in each.runs:
                self.run(node, run, items, flow)
            if each.name is not None:
                self.member(each.member, each.name, items, flow)
            self.forward.settle(each.member, flow)

    def run(self, node: Node, run: NamedRun, items: list[Item], flow: Flow) -> None:
        if isinstance(run.run.count, Expr):
            raise NeedsValue(run.run.count)
        for turn in range(run.run.count):
            self.writer.source.budget.write(node.span)
            with self.writer.in_turn(run.run, turn):
                self.members([turned(each, run.turn, turn) for each in run.members], items, flow)

    def member(self, member: Member, name: Name, items: list[Item], flow: Flow) -> None:
        node = member.node
        place = len(items)
        docs: list[Doc] = []

        def attribute(doc: Doc) -> str:
            docs.append(doc)
            return f"self[{place}]"

        writer = self.writer
        before = len(writer.init)
        if isinstance(node, LayerNode):
            self.forward.layer(node, attribute, lambda doc: writer.parameter(name, doc), flow)
        elif isinstance(node, Reference) or (isinstance(node, Merge) and not holds_modules(node)):
            self.forward.member(member, name, flow)
        else:
            self.forward.submodule(member, attribute, flow)
        assert len(docs) <= 1, "a layer in a numbered container is one module"
        if len(writer.init) > before:
            # A bare parameter has the name, so that no module may have it.
            return
        items.append(Item(name, docs[0] if docs else ABSENT))

    # Merges that keep their labels to themselves

    def merge(self, node: Merge, base: list[str]) -> tuple[str, Flow]:
        """A merge as an `nn.ModuleList` of its branches."""
        docs: list[Doc] = []
        flows: list[Callable[[Flow], None]] = []
        for place, branch in enumerate(node.branches):
            doc, run = self.branch(branch, place)
            if node.shortcut == "project" and place == 1 and not isinstance(node.agrees, bool):
                condition = self.writer.value(negate(node.agrees))
                doc = Bracket("(", (doc, f"if {condition}", f"else {ABSENT}"), ")", commas=False)
            docs.append(doc)
            flows.append(run)
        while docs and docs[-1] == ABSENT:
            docs.pop()
        flow = Flow("x", "x")
        if docs:
            base += lines("", call("super().__init__", [Bracket("[", tuple(docs), "]")]), "", 2)
        forward_merge(self.writer, node, flow, lambda place, inner: flows[place](inner), None)
        return "nn.ModuleList" if docs else "nn.Module", flow

    def branch(self, branch: Chain, place: int) -> tuple[Doc, Callable[[Flow], None]]:
        """The module of a branch and how it is called."""
        if not holds_modules(branch):
            return ABSENT, lambda flow: self.forward.chain(names(branch, "named"), flow)
        hoisted = self.modules.flatten_ahead(branch)
        items = None
        if not outer_tensors(branch):
            items = self.modules.chain_items(names(branch, "numbered"), hoisted)
        if items is None:
            return self.branch_class(branch, place)

        def run(flow: Flow) -> None:
            if hoisted:
                flow.apply(f"torch.flatten({TENSOR}, 1)")
            flow.apply(f"self[{place}]({TENSOR})", folds=hoisted)

        return sequential("nn.Sequential", items, is_keyed(branch.members)), run

    def branch_class(self, branch: Chain, place: int) -> tuple[Doc, Callable[[Flow], None]]:
        """A branch that is no plain sequence, as a class of its own."""
        extra = "".join(f", {self.writer.tensor(each)}" for each in outer_tensors(branch))
        doc = self.writer.construct(branch)
        return doc, lambda flow: flow.apply(f"self[{place}]({TENSOR}{extra})")
