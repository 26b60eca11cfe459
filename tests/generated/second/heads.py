"""Heads: layers, calls of blocks, and what is handed over."""

from __future__ import annotations

import re
from typing import Any

from archdsl.layers.base import keywords
from archdsl.syntax import tree

from .chains import Chain, arguments, arguments_of, is_bare, placed, sized
from .expressions import evaluate
from .members import Box, settle_biases
from .tensors import Flow, Layer
from .values import BlockValue, Handed, Labels, LayerValue, Place, Refused, Slot

DEEPEST = 60
"""Calls within calls; what goes deeper has no end."""


class Heads:
    """Walks heads. What a block is built of is walked as any statements are."""

    calls: list[tree.Block]
    homes: dict[tree.Block, Place]
    """What is in force where each block is defined."""

    def statements(self, items: tuple[tree.Node, ...], place: Place, chain: Chain, inside: bool = False) -> None:
        raise NotImplementedError

    def body(self, node: tree.Node, place: Place, chain: Chain, label: str | None, nested: bool = False) -> None:
        raise NotImplementedError

    def container(self, chain: Chain, label: str | None, fill: Any, stem: str = "group") -> dict[str, Slot]:
        raise NotImplementedError

    def head(self, head: tree.Head, place: Place, chain: Chain, label: str | None) -> None:
        name = head.name.text
        value = place.names.get(name)
        if isinstance(value, (Handed, LayerValue)) and (
            head.kernel or head.size or head.stride or [each for each in head.arguments if not is_bare(each)]
        ):
            raise Refused("unknown-argument", f"numbers for {name}")
        if isinstance(value, Handed):
            self.handed(value, chain, label)
        elif isinstance(value, BlockValue):
            self.call(value, head, (), place, chain, label)
        elif isinstance(value, LayerValue):
            given = [(argument, each) for argument, each in value.arguments]
            self.layer(value.keyword, {}, given, head, place, chain, label)
        elif name in place.blocks:
            self.call(place.blocks[name], head, (), place, chain, label)
        else:
            keyword, numbers = self.numbers(head, place, chain.x)
            self.layer(keyword, numbers, arguments(head, place, chain.x), head, place, chain, label)

    def numbers(self, head: tree.Head, place: Place, x: Flow) -> tuple[str, dict[str, Any]]:
        """The keyword of a head, and what its numbers say of the layer's fields."""
        keyword, digits = head.name.text, None
        if keyword not in keywords():
            match = re.fullmatch(r"(.*?[A-Za-z_])([0-9]+(?:x[0-9]+)*)", keyword)
            if match:
                keyword, digits = match[1], sized(match[2])
        kind = keywords().get(keyword)
        if kind is None:
            raise Refused("unknown-layer", head.name.text)
        parts = ((kind.digits, digits), (kind.digits, head.kernel), (kind.dash, head.size), (kind.slash, head.stride))
        found = {}
        for part, given in parts:
            if given is not None:
                if part is None:
                    raise Refused("unexpected-number", head.name.text)
                found[part] = evaluate(given, place, x) if isinstance(given, tree.Node) else given
        return keyword, found

    def layer(
        self,
        keyword: str,
        numbers: dict[str, Any],
        given: list[tuple[str | None, Any]],
        head: tree.Head,
        place: Place,
        chain: Chain,
        label: str | None,
    ) -> None:
        chain_x = chain.x
        layer = Layer(keyword, self.fields(keyword, numbers, given, place, chain_x), chain_x)
        try:
            made = layer.run(chain_x, layer.zeros())
        except (RuntimeError, ValueError, IndexError, ZeroDivisionError) as error:
            raise Refused("impossible-layer", f"{head.span.text}: {error}") from None
        chain.add(layer, made, label)
        after = place.afters.get(keyword)
        if after is None or any(map(is_bare, head.arguments)):
            return
        item, written, labels = after
        within = Chain(chain.x, Labels(labels), chain.members)
        self.body(item.body, Place(written.names, written.blocks, {}, written.defaults), within, None)
        chain.x = within.x
        for name, slot in within.labels.own.items():
            chain.labels.add(name, slot)

    def fields(
        self, keyword: str, numbers: dict[str, Any], given: list[tuple[str | None, Any]], place: Place, x: Flow
    ) -> dict[str, Any]:
        kind = keywords()[keyword]
        found: dict[str, Any] = {
            name: None if info.is_required() else info.default for name, info in kind.model_fields.items()
        }
        for default, written in place.defaults.get(keyword, ()):
            found |= placed(keyword, arguments_of(default.call.arguments, written, x))
        return found | numbers | placed(keyword, given)

    def handed(self, value: Handed, chain: Chain, label: str | None) -> None:
        items = value.group.items
        only = items[0] if len(items) == 1 else None
        if label is None or (isinstance(only, tree.Statement) and only.repeat is None and only.label is None):
            within = Chain(chain.x, Labels(value.labels), chain.members, chain.branch)
            if label is None:
                self.statements(items, value.place, within)
            else:
                assert isinstance(only, tree.Statement)
                self.body(only.body, value.place, within, label)
            chain.x = within.x
            return
        within = Chain(chain.x, Labels(value.labels))
        self.statements(items, value.place, within, inside=True)
        settle_biases(within.members)
        chain.add(Box(within.members), within.x, label)

    def call(
        self,
        block: BlockValue,
        text: tree.Head | tree.Merge,
        paths: tuple[tree.Group, ...],
        place: Place,
        chain: Chain,
        label: str | None,
    ) -> None:
        if len(self.calls) > DEEPEST:
            raise Refused("recursive-block", block.text.name.text)
        given: dict[str, Any] = {}
        if len(paths) != len(block.text.layers):
            raise Refused("missing-argument", text.span.text)
        for word, path in zip(block.text.layers, paths, strict=True):
            given[word.text] = Handed(path, place, chain.labels.visible())
        order = [each.name.text for each in block.text.parameters]
        for position, argument in enumerate(text.call.arguments if text.call else ()):
            name = argument.name.text if argument.name else order[position]
            given[name] = evaluate(argument.value, place, chain.x)
        for each in block.text.parameters:
            if each.name.text not in given:
                if each.default is None:
                    raise Refused("missing-argument", each.name.text)
                given[each.name.text] = evaluate(each.default, self.homes[block.text].bind(given), chain.x)
        within = Chain(chain.x, Labels())
        self.calls.append(block.text)
        self.statements(block.text.body.items, self.homes[block.text].bind(given), within, inside=True)
        self.calls.pop()
        settle_biases(within.members)
        chain.add(Box(within.members, "block", block.text.name.text), within.x, label)
