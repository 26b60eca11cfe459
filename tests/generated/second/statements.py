"""Statements in sequence, with everything unrolled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archdsl.syntax import tree

from .branches import Branches
from .chains import Chain, mark, with_default
from .expressions import evaluate, text_of, unpack, uses
from .members import Box, Member, Output, Taken, settle_biases
from .values import Labels, Place, Refused, Slot


class Statements(Branches):
    """Walks statements."""

    variant: str | None

    def statements(self, items: tuple[tree.Node, ...], place: Place, chain: Chain, inside: bool = False) -> None:
        """Add statements; what a `let`, `after` or `default` says holds to the end of them."""
        for item in items:
            match item:
                case tree.Let():
                    place = place.bind(unpack(item.names, evaluate(item.value, place, chain.x)))
                case tree.After():
                    entry = (item, place, chain.labels.visible())
                    place = Place(place.names, place.blocks, {**place.afters, item.keyword.text: entry}, place.defaults)
                case tree.Default():
                    place = with_default(place, item, place)
                case tree.Statement() if item.repeat is not None:
                    self.repeat(item, item.repeat, place, chain)
                case tree.Statement():
                    label = text_of(item.label, place, chain.x) if item.label else None
                    self.body(item.body, place, chain, label, nested=inside)
                case tree.LabelledTable():
                    self.table(item, place, chain)
                case tree.Aux():
                    self.aux(item, place, chain)

    def body(self, node: tree.Node, place: Place, chain: Chain, label: str | None, nested: bool = False) -> None:
        """Add what a statement says, under its label."""
        before = len(chain.members)
        inner: Mapping[str, Slot] = {}
        match node:
            case tree.Head():
                self.head(node, place, chain, label)
            case tree.Group():
                if label is None and not nested:
                    self.statements(node.items, place, chain, inside=True)
                else:
                    inner = self.container(
                        chain, label, lambda within: self.statements(node.items, place, within, inside=True)
                    )
            case tree.Merge():
                inner = self.merge(node, place, chain, label)
            case tree.Reference():
                if chain.members or not chain.branch:
                    raise Refused("misplaced-reference", node.span.text)
                slot = chain.labels.find(text_of(node.target, place, chain.x))
                assert slot.flow is not None
                chain.add(Taken(slot), slot.flow, label)
            case tree.For():
                inner = self.spliced(chain, label, lambda within: self.loop(node, place, within))
            case tree.If():
                inner = self.spliced(chain, label, lambda within: self.choice(node, place, within))
        if label is not None and len(chain.members) > before:
            mark(chain, label, inner)

    def container(self, chain: Chain, label: str | None, fill: Any, stem: str = "group") -> dict[str, Slot]:
        """A module of its own, and the labels inside of it."""
        within = Chain(chain.x, Labels(chain.labels.visible()))
        fill(within)
        settle_biases(within.members)
        chain.add(Box(within.members, "group", stem), within.x, label)
        return within.labels.own

    def spliced(self, chain: Chain, label: str | None, fill: Any) -> dict[str, Slot]:
        if label is not None:
            return self.container(chain, label, fill)
        fill(chain)
        return {}

    def loop(self, node: tree.For, place: Place, chain: Chain) -> None:
        for turn, item in enumerate(evaluate(node.iterable, place, chain.x)):
            names = unpack(node.names, item) | ({node.index.text: turn} if node.index else {})
            self.statements(node.body.items, place.bind(names), chain, inside=True)

    def choice(self, node: tree.If, place: Place, chain: Chain) -> None:
        if evaluate(node.condition, place, chain.x):
            self.statements(node.then.items, place, chain, inside=True)
        elif isinstance(node.otherwise, tree.If):
            self.choice(node.otherwise, place, chain)
        elif node.otherwise is not None:
            self.statements(node.otherwise.items, place, chain, inside=True)

    def repeat(self, item: tree.Statement, repeat: tree.Repeat, place: Place, chain: Chain) -> None:
        count = evaluate(repeat.count, place, chain.x)
        index = repeat.index.text if repeat.index else None
        own = index is not None and item.label is not None and uses(item.label, index)

        def turns(within: Chain, nested: bool) -> None:
            for turn in range(count):
                here = place.bind({index: turn}) if index else place
                label = text_of(item.label, here, within.x) if own and item.label else None
                self.body(item.body, here, within, label, nested=nested)

        if item.label is None or own:
            turns(chain, False)
            return
        label = text_of(item.label, place, chain.x)
        inner = self.container(chain, label, lambda within: turns(within, True))
        mark(chain, label, inner)

    def table(self, item: tree.LabelledTable, place: Place, chain: Chain) -> None:
        table = item.body
        names = [word.text for word in table.header]
        wanted = str(place.names[table.column.text]) if table.column else self.variant or names[0]
        column = names.index(wanted)

        def fill(within: Chain) -> None:
            for row in table.rows:
                cell = row.cells[0] if len(row.cells) == 1 else row.cells[column]
                if isinstance(cell, tree.Group):
                    self.statements(cell.items, place, within)

        label = text_of(item.label, place, chain.x) if item.label else None
        inner = self.spliced(chain, label, fill)
        if label is not None:
            mark(chain, label, inner)

    def aux(self, item: tree.Aux, place: Place, chain: Chain) -> None:
        slot = chain.labels.find(text_of(item.source, place, chain.x))
        assert slot.flow is not None
        within = Chain(slot.flow, Labels(chain.labels.visible()))
        self.body(item.body, place, within, None, nested=True)
        settle_biases(within.members)
        body = within.members if len(within.members) == 1 else [Member(Box(within.members))]
        chain.add(Output(item.name.text, slot, body), chain.x, item.name.text)
