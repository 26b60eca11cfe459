"""From the text of a spec to its network: read as a person reads it, everything unrolled, each name where it was written.

It shares the parser with the compiler, and the fields that layers declare; nothing that elaborates, names or writes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from archdsl.layers.base import keywords
from archdsl.syntax import tree

from .expressions import SIZES, evaluate, text_of, unpack, uses
from .members import Box, Join, Member, Node, Output, Taken, give_names, layers, settle_biases
from .running import Run, join
from .tensors import Flow, Layer
from .values import BlockValue, Handed, Labels, LayerValue, Place, Refused, Slot, Unsure

DEEPEST = 60
MERGES = ("residual", "concat", "add", "mul")


@dataclass(eq=False)
class Chain:
    """Members in the making, with what leaves the last of them."""

    x: Flow
    labels: Labels
    members: list[Member] = field(default_factory=list)
    branch: bool = False

    def add(self, node: Node, x: Flow, label: str | None = None) -> None:
        self.members.append(Member(node, label))
        self.x = x


class Second:
    """A second opinion on a spec: the names and shapes of its weights, its output, and what it computes."""

    def __init__(
        self,
        file: tree.File,
        given: Mapping[str, Any] | None = None,
        variant: str | None = None,
        sizes: tuple[int, ...] | None = None,
    ) -> None:
        self.file = file
        self.variant = variant
        self.blocks: dict[str, BlockValue] = {}
        self.calls: list[tree.Block] = []
        place = Place(self._parameters(given or {}), self.blocks)
        self._homes(place)
        if sizes is None:
            (item,) = (item for item in file.items if isinstance(item, tree.Input))
            sizes = tuple(evaluate(each, place) for each in item.sizes.dims)
        self.input = sizes
        chain = Chain(Flow(torch.zeros(2, *sizes, dtype=torch.float64)), Labels())
        kinds = (tree.Statement, tree.LabelledTable, tree.Let, tree.After, tree.Default, tree.Aux)
        body = tuple(item for item in file.items if isinstance(item, kinds))
        self.statements(body, place, chain)
        settle_biases(chain.members)
        self.top = Box(chain.members, "top")
        self.output = chain.x.shape
        give_names(self.top)
        self.layers = list(layers(self.top.members))

    def state(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of what the `state_dict` holds."""
        return {layer.key(key): shape for layer in self.layers for key, shape in layer.state().items()}

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the parameters alone."""
        return {layer.key(key): shape for layer in self.layers for key, shape in layer.weights().items()}

    def run(
        self, state: Mapping[str, torch.Tensor], x: torch.Tensor, training: bool = False
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The output, and the auxiliary ones."""
        run = Run(state, training)
        made = run.members(self.top.members, Flow(x))
        return made.data, run.outputs

    # Names of the file

    def _parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        (arch,) = (item for item in self.file.items if isinstance(item, tree.Arch))
        row = self._row()
        values: dict[str, Any] = {}
        for each in arch.parameters:
            name = each.name.text
            if name in given:
                values[name] = given[name]
            elif name in row:
                values[name] = evaluate(row[name], Place(values, self.blocks))
            elif each.default is not None:
                values[name] = evaluate(each.default, Place(values, self.blocks))
            else:
                raise Refused("missing-parameter", name)
        return values

    def _row(self) -> dict[str, tree.Node]:
        tables = [item for item in self.file.items if isinstance(item, tree.Variants)]
        if not tables:
            return {}
        names = [word.text for word in tables[0].header]
        rows = [dict(zip(names, row.cells, strict=True)) for row in tables[0].rows]
        rows = [row for row in rows if not all(isinstance(cell, tree.Empty) for cell in row.values())]
        for row in rows:
            cell = row.pop("name")
            name = cell.text if isinstance(cell, tree.Name) else cell.value
            if self.variant is None:
                self.variant = name
            if name == self.variant:
                return {column: cell for column, cell in row.items() if not isinstance(cell, tree.Empty)}
        raise Refused("unknown-variant", str(self.variant))

    def _homes(self, place: Place) -> None:
        """A block sees the parameters, the file's `let`s, and the defaults that stand ahead of it."""
        for item in self.file.items:
            if isinstance(item, tree.Block):
                self.blocks[item.name.text] = BlockValue(item, place)
        lets = place
        unseen: set[str] = set()
        for item in self.file.items:
            if isinstance(item, tree.Let):
                if uses(item.value, *SIZES, *unseen):
                    # What depends on what arrives somewhere is nothing that a block can see.
                    unseen |= {each.text for each in item.names}
                else:
                    lets = lets.bind(unpack(item.names, evaluate(item.value, lets)))
        here = lets
        for item in self.file.items:
            if isinstance(item, tree.Default):
                here = with_default(here, item, lets)
            elif isinstance(item, tree.Block):
                self.blocks[item.name.text] = BlockValue(item, here)

    # Statements

    def statements(self, items: tuple[tree.Node, ...], place: Place, chain: Chain, inside: bool = False) -> None:
        """Add statements; what a `let`, `after` or `default` says holds to the end of them."""
        for item in items:
            match item:
                case tree.Let():
                    place = place.bind(unpack(item.names, evaluate(item.value, place, chain.x)))
                case tree.After():
                    entry = (item, place, chain.labels.visible())
                    place = Place(
                        place.names, place.blocks, {**place.afters, item.keyword.text: entry}, place.defaults
                    )
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

    # Heads

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
                given[each.name.text] = evaluate(each.default, block.home.bind(given), chain.x)
        within = Chain(chain.x, Labels())
        self.calls.append(block.text)
        self.statements(block.text.body.items, block.home.bind(given), within, inside=True)
        self.calls.pop()
        settle_biases(within.members)
        chain.add(Box(within.members, "block", block.text.name.text), within.x, label)

    # Merges

    def merge(self, node: tree.Merge, place: Place, chain: Chain, label: str | None) -> Mapping[str, Slot]:
        word = node.name.text
        value = place.names.get(word)
        if isinstance(value, BlockValue):
            self.call(value, node, node.paths, place, chain, label)
            return {}
        if word in place.blocks:
            self.call(place.blocks[word], node, node.paths, place, chain, label)
            return {}
        labels = Labels(chain.labels.visible()) if label is not None else chain.labels
        if word == "residual" and len(node.paths) == 2:
            made, x = self.shortcut(node, place, chain.x, labels)
        else:
            parts = [self.branch(path, place, chain.x, labels) for path in node.paths]
            made = Join("add" if word == "residual" else word, word, [each.members for each in parts], word == "residual")
            x = joined(made, [each.x for each in parts], chain.x)
        made.says_labels = any(map(path_says_labels, node.paths))
        chain.add(made, x, label)
        return labels.own if label is not None else {}

    def branch(self, path: tree.Group, place: Place, x: Flow, labels: Labels) -> Chain:
        chain = Chain(x, labels, branch=True)
        self.statements(path.items, place, chain)
        settle_biases(chain.members)
        return chain

    def shortcut(self, node: tree.Merge, place: Place, x: Flow, labels: Labels) -> tuple[Join, Flow]:
        main_path, other = node.paths
        before = Labels(labels.around)
        before.own = dict(labels.own)
        main = self.branch(main_path, place, x, labels)
        head = shortcut_word(other)
        if head is None:
            own = self.branch(other, place, x, labels)
            made = Join("add", "residual", [main.members, own.members])
            return made, joined(made, [main.x, own.x], x)
        agrees, stride = self.compared(main_path, place, x, before, main.x)
        if agrees:
            made = Join("add", "residual", [main.members], True)
            return made, joined(made, [main.x], x)
        if head.name.text == "optional":
            return Join("add", "residual", [main.members]), main.x
        if x.rank == 0 or main.x.last or x.last or main.x.rank != x.rank:
            raise Refused("branch-mismatch", "can't be projected")
        chain = Chain(x, labels, branch=True)
        (statement,) = other.items
        assert isinstance(statement, tree.Statement)
        norm = dict(arguments(head, place, x)).get("bn", True)

        def fill(within: Chain) -> None:
            bare = Place({}, {}, {}, place.defaults)
            numbers = {"kernel": 1, "channels": main.x.channels, "stride": stride}
            self.layer("conv", numbers, [], head, bare, within, None)
            if norm:
                self.layer("bn", {}, [], head, bare, within, None)

        if statement.label is not None:
            label = text_of(statement.label, place, x)
            inner = self.container(chain, label, fill)
            mark(chain, label, inner)
        else:
            fill(chain)
        settle_biases(chain.members)
        made = Join("add", "residual", [main.members, chain.members])
        return made, joined(made, [main.x, chain.x], x)

    def compared(
        self, path: tree.Group, place: Place, x: Flow, labels: Labels, made: Flow
    ) -> tuple[bool, tuple[int, ...]]:
        """Whether the main path keeps the shape whatever its size is, and by which strides it shrinks a map.

        Asked of the path itself, on larger maps.
        """
        if made.last != x.last or made.rank != x.rank:
            return False, ()
        if x.rank == 0:
            return made.channels == x.channels, ()
        if uses(path, "in_height", "in_width", "in_depth"):
            raise Unsure("a shortcut that depends on the size")
        same, strides = True, (1,) * x.rank
        for more in (5, 6, 7, 12, 59):
            sizes = [size + more for size in x.spatial]
            shape = (2, *sizes, x.channels) if x.last else (2, x.channels, *sizes)
            here = Labels(labels.around)
            here.own = dict(labels.own)
            try:
                larger = self.branch(path, place, Flow(torch.zeros(shape, dtype=torch.float64), x.last), here).x
            except Refused as error:
                raise Unsure(f"a larger map in a shortcut: {error}") from None
            same = same and larger.spatial == tuple(sizes)
            strides = tuple(max(1, round(size / out)) for size, out in zip(sizes, larger.spatial, strict=True))
        return same and made.channels == x.channels, strides


def joined(node: Join, made: list[Flow], x: Flow) -> Flow:
    try:
        return join(node, made, x)
    except (RuntimeError, ValueError) as error:
        raise Refused("branch-mismatch", str(error)) from None


def mark(chain: Chain, label: str, inner: Mapping[str, Slot]) -> None:
    slot = Slot(chain.x, dict(inner))
    chain.members[-1].slots.append(slot)
    chain.labels.add(label, slot)


def with_default(place: Place, item: tree.Default, written: Place) -> Place:
    keyword = item.keyword.text
    more = (*place.defaults.get(keyword, ()), (item, written))
    return Place(place.names, place.blocks, place.afters, {**place.defaults, keyword: more})


def is_bare(argument: tree.Argument) -> bool:
    return argument.name is None and isinstance(argument.value, tree.Name) and argument.value.text == "bare"


def arguments(head: tree.Head, place: Place, x: Flow) -> list[tuple[str | None, Any]]:
    return arguments_of(head.arguments, place, x)


def arguments_of(given: tuple[tree.Argument, ...], place: Place, x: Flow) -> list[tuple[str | None, Any]]:
    return [
        (each.name.text if each.name else None, evaluate(each.value, place, x)) for each in given if not is_bare(each)
    ]


def placed(keyword: str, given: list[tuple[str | None, Any]]) -> dict[str, Any]:
    """Arguments by the fields that they fill."""
    order = list(keywords()[keyword].positional)
    found: dict[str, Any] = {}
    for name, value in given:
        if name is not None:
            found[name] = value
        elif order and order[0].startswith("*"):
            found[order[0][1:]] = (*found.get(order[0][1:], ()), value)
        elif order:
            found[order.pop(0)] = value
        else:
            raise Refused("unknown-argument", keyword)
    return found


def sized(digits: str) -> Any:
    numbers = tuple(map(int, digits.split("x")))
    return numbers[0] if len(numbers) == 1 else numbers


def shortcut_word(path: tree.Group) -> tree.Head | None:
    if len(path.items) == 1 and isinstance(path.items[0], tree.Statement):
        statement = path.items[0]
        if isinstance(statement.body, tree.Head) and statement.repeat is None:
            return statement.body if statement.body.name.text in ("project", "optional") else None
    return None


def says_labels(node: tree.Node | None, inside: bool = False) -> bool:
    """Whether a text has labels that name modules of the container around it, whatever is built of it.

    `inside` says that it stands in square brackets, where a further group is a container, which keeps its labels.
    """
    match node:
        case tree.LabelledTable():
            return node.label is not None
        case tree.Statement():
            if node.label is not None:
                return True
            if isinstance(node.body, tree.Group) and node.repeat is None and inside:
                return False
            return says_labels(node.body)
        case tree.Group():
            return any(says_labels(item, inside=True) for item in node.items)
        case tree.Merge():
            return node.name.text in MERGES and any(map(path_says_labels, node.paths))
        case tree.For():
            return says_labels(node.body)
        case tree.If():
            return says_labels(node.then) or says_labels(node.otherwise)
    return False


def path_says_labels(path: tree.Group) -> bool:
    """The same of a branch, in which a group is none."""
    return any(map(says_labels, path.items))
