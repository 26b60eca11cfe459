"""Constructor calls: what stands in `__init__` for a layer, a block or a container."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import nullcontext

from archdsl.backends.classes.calls import outer_tensors
from archdsl.backends.python.layout import Bracket, Doc, Joined, call, flat
from archdsl.backends.python.literals import name_literal
from archdsl.backends.torch.context import ClassContext
from archdsl.backends.torch.cutting import cut_points
from archdsl.backends.torch.items import Item, listed, mapping, sequential, turned
from archdsl.backends.torch.namespace import TAKEN
from archdsl.backends.torch.needs import flatten_ahead, is_keyed, is_single_module, may_overwrite
from archdsl.backends.torch.units import best_unit, sums
from archdsl.diagnostics import Span
from archdsl.ir.named import Named, NamedRun
from archdsl.ir.names import names, style
from archdsl.ir.nodes import Call, Chain, Choice, LayerNode, Member, Merge, Name, Node, Reference, Repeat, at
from archdsl.layers.torch_call import Function, Module, Step
from archdsl.shape import Dim
from archdsl.symbolic import NeedsValue, negate, symbol

WRITTEN_OUT = 4
"""A repeat of at most so many turns is written out where its copies have names."""


class Modules:
    """Builds constructor calls for the class that a writer writes."""

    def __init__(self, writer: ClassContext) -> None:
        self.writer = writer
        self.keyed = False
        """Whether the container at hand has a label among its members, so that all have keys."""

    def flatten_ahead(self, node: Node) -> bool:
        return flatten_ahead(node, self.writer.source.inner)

    def layer(self, node: LayerNode, overwrite: bool) -> Doc | None:
        """One layer as one module, or None if it is not one. A flatten ahead of it is left to others."""
        steps = node.layer.torch(node.input)
        if self.flatten_ahead(node):
            steps = steps[1:]
        if not is_single_module(steps):
            return None
        docs = [self.step(step, node.layer.has_inplace and overwrite) for step in steps]
        if len(docs) == 1:
            return docs[0]
        return None if node.layer.weights(node.input) else call("nn.Sequential", docs)

    def step(self, step: Step, inplace: bool = False) -> Doc:
        """`nn.Conv2d(3, 64, kernel_size=3)`."""
        module = step.module if isinstance(step, Function) else step
        assert isinstance(module, Module)
        if module.definition:
            self.writer.source.add_definition(module.name, module.definition)
        items = [self.writer.value(value) for value in module.args]
        items += [f"{name}={self.writer.value(value)}" for name, value in module.kwargs]
        if inplace:
            items.append("inplace=True")
        return call(module.name if module.definition else f"nn.{module.name}", items)

    def node(self, node: Node, overwrite: bool = False) -> Doc | None:
        """Any node as one module, or None if it is not one."""
        if isinstance(node, LayerNode):
            return self.layer(node, overwrite)
        if isinstance(node, Reference):
            return None
        if isinstance(node, Chain) and node.container:
            return self.plain(node) or self.writer.construct(node)
        if isinstance(node, (Call, Merge)):
            return self.writer.construct(node)
        return None

    def plain(self, node: Node) -> Doc | None:
        """A group as `nn.Sequential(…)`, or None for what needs a class with a `forward` of its own."""
        if not isinstance(node, Chain) or style(node, "group") == "named":
            return None
        given = self.writer.source.inner.of(node)
        if given and cut_points(node, given) is None:
            return None
        items = self.items(node)
        return None if items is None else sequential("nn.Sequential", items, is_keyed(node.members))

    def items(self, chain: Chain) -> list[Item] | None:
        """The modules of a numbered container in order, or None if some member is no module.

        A flatten that can be hoisted ahead of the container is left to whoever calls it.
        """
        items = self.chain_items(names(chain, "numbered"), self.flatten_ahead(chain))
        return items if items is None or is_keyed(chain.members) else self.by_units(items)

    def by_units(self, items: list[Item]) -> list[Item]:
        """The modules of a container, where layers come together often with a function that makes them."""
        source = self.writer.source
        single = [each for item in items for each in (item.turns or (item,))]
        taken = TAKEN | set(self.writer.identifiers.values()) | source.locals
        unit = best_unit(single, taken)
        while unit is not None and source.definitions.get(unit.name, unit.text) != unit.text:
            # Another container has units of the same name, and other layers in them.
            taken |= {unit.name}
            unit = best_unit(single, taken)
        if unit is None:
            return items
        source.add_definition(unit.name, unit.text)
        source.class_names.add(unit.name)
        written, inside = sums(unit), {place + offset for place in unit.calls for offset in range(unit.length)}
        found: list[Item] = []
        place = 0
        for item in items:
            turns = item.turns or (item,)
            places = range(place, place + len(turns))
            place += len(turns)
            if inside.isdisjoint(places):
                found.append(item)
                continue
            for each, turn in zip(places, turns, strict=True):
                found += [Item(("",), text, starred=True) for text in written.get(each, ())]
                found += [turn] if each not in inside else []
        return found

    def chain_items(self, members: tuple[Named, ...], hoisted: bool) -> list[Item] | None:
        """The modules of members; with a label among them each is named, else their places name them."""
        self.keyed, outer = is_keyed(tuple(each.member for each in members)), self.keyed
        try:
            return self.some_items(members, hoisted)
        finally:
            self.keyed = outer

    def some_items(self, members: Iterable[Named], hoisted: bool) -> list[Item] | None:
        items: list[Item] = []
        overwrite = False
        for each in members:
            node = each.node
            more: list[Item] | None
            if isinstance(node, Repeat):
                more = self.repeat_items(node, each.runs, hoisted)
            elif isinstance(node, Choice):
                more = self.choice_items(node, each.sides)
            else:
                assert each.name is not None
                more = self.member_items(each.member, each.name, hoisted, overwrite)
            if more is None:
                return None
            items += more
            # Once something has been flattened, the rest of the chain works on a vector.
            hoisted = hoisted and isinstance(node, LayerNode) and node.layer.elementwise
            overwrite = may_overwrite(node) and not self.writer.source.inner.may_name(each.member.marks)
        return items

    def member_items(self, member: Member, name: Name, hoisted: bool, overwrite: bool) -> list[Item] | None:
        if outer_tensors(member.node) or (self.flatten_ahead(member.node) and not hoisted):
            return None
        if self.writer.source.inner.of(member.node):
            # What it gives beside its output has to be taken up.
            return None
        doc = self.node(member.node, overwrite)
        return None if doc is None else [Item(at(name, **self.writer.loops), doc, node=member.node)]

    def choice_items(self, node: Choice, found: tuple[tuple[Named, ...], ...]) -> list[Item] | None:
        """`*([…] if condition else [])`."""
        sides: list[Doc] = []
        for side, holds in zip(found, (True, False), strict=True):
            condition = node.condition if holds else negate(node.condition)
            with self.writer.witnesses.narrow(condition):  # type: ignore[arg-type]
                items = self.some_items(side, False)
            if items is None:
                raise NeedsValue(node.condition)
            sides.append(mapping(items) if self.keyed else listed(items))
        then, otherwise = sides
        clauses = (then, f"if {self.writer.value(node.condition)}", Joined("else ", otherwise))
        doc = Bracket("**(" if self.keyed else "*(", clauses, ")", commas=False)
        return [Item(("",), doc, starred=True)]

    def repeat_items(self, node: Repeat, runs: tuple[NamedRun, ...], hoisted: bool) -> list[Item] | None:
        """The runs of a repeat; neighbouring runs of the same text are one."""
        found: list[tuple[Dim, list[Item], str, str]] = []
        for each in runs:
            run, count = each.run, each.run.count
            first = hoisted and each is runs[0]
            if self.keyed and run.turn is None and isinstance(count, int) and count <= WRITTEN_OUT:
                for turn in range(count):
                    self.writer.source.budget.write(node.span, len(each.members))
                    members = [turned(inner, each.turn, turn) for inner in each.members]
                    with self.writer.index(node, each.start + turn):
                        items = self.some_items(members, first and turn == 0)
                    if items is None:
                        return None
                    found.append((1, items, "", ""))
                continue
            with self.writer.turn(run, node, each.start) as variable:
                once = count == 1 and run.turn is None
                members = [turned(inner, each.turn, 0 if once else symbol(variable)) for inner in each.members]
                with self.writer.index(node, each.start) if once else nullcontext():
                    items = self.some_items(members, first)
            if items is None:
                return None
            text = " ".join(flat(item.doc) for item in items)
            if found and found[-1][2] == text and not self.keyed:
                found[-1] = (found[-1][0] + count, items, text, variable)
            else:
                found.append((count, items, text, variable))
        return [item for count, items, _, variable in found for item in self.turns(count, items, variable, node.span)]

    def turns(self, count: Dim, items: list[Item], variable: str, span: Span) -> list[Item]:
        """Equal turns: written once, twice if there are two of several modules, or as a comprehension."""
        if count == 1 or not items:
            return items
        used = any(_mentions(item, variable, self.keyed) for item in items)
        if count == 2 and len(items) > 1 and not self.keyed and not used:
            self.writer.source.budget.write(span, 2 * len(items))
            return items * 2
        loop = f"for {variable if used else '_'} in range({self.writer.value(count)})"
        if any(item.starred for item in items):
            # A repeat or choice inside a repeat: the modules of one turn as a list, those of all turns chained.
            if self.keyed:
                one = Joined("for name, layer in ", Bracket("", (mapping(items),), ".items()", commas=False))
                return [Item(("",), Bracket("**{", ("name: layer", loop, one), "}", commas=False), starred=True)]
            inner = Joined("for layer in ", listed(items))
            return [Item(("",), Bracket("*[", ("layer", loop, inner), "]", commas=False), starred=True)]
        clauses: tuple[Doc, ...]
        if self.keyed:
            if len(items) == 1:
                clauses = (Joined(f"{name_literal(items[0].name)}: ", items[0].doc), loop)
            else:
                pairs = tuple(Bracket("(", (name_literal(item.name), item.doc), ")") for item in items)
                clauses = ("name: layer", loop, Joined("for name, layer in ", Bracket("(", pairs, ")")))
            return [Item(("",), Bracket("**{", clauses, "}", commas=False), starred=True)]
        if len(items) == 1:
            clauses = (items[0].doc, loop)
        else:
            clauses = ("layer", loop, Joined("for layer in ", Bracket("(", tuple(item.doc for item in items), ")")))
        turns = tuple(items) * count if not used and isinstance(count, int) and count <= WRITTEN_OUT else ()
        return [Item(("",), Bracket("*[", clauses, "]", commas=False), starred=True, turns=turns)]


def _mentions(item: Item, variable: str, keyed: bool) -> bool:
    text = flat(item.doc) + (name_literal(item.name) if keyed else "")
    return re.search(rf"\b{variable}\b", text) is not None
