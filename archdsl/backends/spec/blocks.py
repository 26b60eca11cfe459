"""The definitions of blocks, found from their calls: one text for all, whose parameters are what differs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from archdsl.backends.spec.formulas import formula_of
from archdsl.backends.spec.text import (
    Called,
    Formula,
    Number,
    Text,
    literal,
    numbers,
    plain,
    skeleton,
    with_numbers,
)
from archdsl.elaborate.expressions import SIZES
from archdsl.ir.nodes import Architecture, Call
from archdsl.ir.walk import walk
from archdsl.layers.base import keywords
from archdsl.record import record

INPUT = "channels_in"
"""What a block calls the channels that arrive at it, where something further inside needs them."""

FORM = "form"
"""The parameter of a block whose calls differ in more than numbers."""

NAMES = {"channels": "c", "kernel": "k", "stride": "s", "times": "n"}
"""What parameters are called that the network has no name for; others as the field that they are of."""

ORDER = {name: place for place, name in enumerate(NAMES.values())}


@record
class Definition:
    """A block: its parameters with their defaults, and what each call gives for them."""

    name: str
    parameters: tuple[tuple[str, Any], ...]
    given: dict[Call, tuple[Any, ...]]

    def call(self, node: Call) -> Text:
        """A call of it."""
        pairs = zip(self.parameters, self.given[node], strict=True)
        values = tuple(Number(value, name) for (name, _), value in pairs)
        return (Called(self.name, values, tuple(default for _, default in self.parameters)),)


class CannotKeep(Exception):
    """Something of a network that its blocks and repeats can't be written around."""


class Blocks:
    """The blocks of a network, each defined when a call of it is written first."""

    def __init__(self, network: Architecture, body: Callable[[Call], Text]) -> None:
        self.body = body
        self.calls: dict[str, list[Call]] = {}
        for node in walk(network.body):
            if isinstance(node, Call):
                self.calls.setdefault(node.block, []).append(node)
        self.known: dict[str, Definition | None] = {}
        """None for one that is being defined."""
        self.definitions: list[str] = []
        """Their texts, those that others need ahead of them."""

    def call(self, node: Call) -> Text:
        """A call of a block."""
        if node.block not in self.known:
            self.known[node.block] = None
            self.known[node.block] = self.define(node.block)
        definition = self.known[node.block]
        if definition is None:
            raise CannotKeep("a block that is handed to itself")
        return definition.call(node)

    def define(self, name: str) -> Definition:
        forms: dict[tuple[object, ...], list[tuple[Call, Text]]] = {}
        for call in self.calls[name]:
            text = self.body(call)
            forms.setdefault(skeleton(text), []).append((call, text))
        found = _Parameters(self.calls[name])
        texts = [self.form(each, found) for each in forms.values()]
        if len(texts) > 1:
            column = {call: place for place, form in enumerate(forms.values()) for call, _ in form}
            form = found.new(FORM, [column[call] for call in self.calls[name]])
            whole = "".join(f"if {{{form} == {place}}} [{text}] else " for place, text in enumerate(texts[:-1]))
            whole += f"[{texts[-1]}]"
        else:
            (whole,) = texts
        used = found.used()
        head = name + (f"({', '.join(n if d is None else f'{n} = {literal(d)}' for n, d in used)})" if used else "")
        inside = f"let {INPUT} = {{in_channels}} {whole}" if found.needs_input else whole
        self.definitions.append(f"block {head} = [{inside}]")
        columns = [found.columns[name] for name, _ in used]
        given = {call: tuple(column[place] for column in columns) for place, call in enumerate(self.calls[name])}
        return Definition(name, used, given)

    def form(self, calls: Sequence[tuple[Call, Text]], found: _Parameters) -> str:
        """The text that calls have in common which differ in numbers alone."""
        rows = zip(*(numbers(text) for _, text in calls), strict=True)
        nodes = [call for call, _ in calls]

        def change(number: Number) -> Number | Formula:
            row = next(rows)
            alike = all(type(each.value) is type(number.value) and each.value == number.value for each in row)
            # What a single call has in common with itself says nothing.
            name = found.named(nodes[0], number) if len(nodes) == 1 < len(found.calls) else None
            return Formula(name) if name else number if alike else Formula(found.expression(nodes, row))

        return plain(with_numbers(calls[0][1], change))


def _is_plain(value: Any) -> bool:
    """Whether a value is a number, a word, a truth, or a list of those."""
    return all(map(_is_plain, value)) if isinstance(value, tuple) else isinstance(value, (int, float, str))


class _Parameters:
    """The numbers that the calls of a block differ in, by the names that they get."""

    def __init__(self, calls: Sequence[Call]) -> None:
        self.calls = {call: place for place, call in enumerate(calls)}
        self.columns: dict[str, list[Any]] = {}
        self.wanted: dict[str, None] = {}
        self.fresh: dict[str, str] = {}
        """Those that the network has no name for, and what they are of a layer: a stride is never taken for groups."""
        self.needs_input = False
        first = calls[0]
        for name, _ in first.arguments:
            column = [dict(call.arguments).get(name) for call in calls]
            if all(map(_is_plain, column)):
                self.columns[name] = column
        self.inputs = [call.input.channels for call in calls]

    def expression(self, nodes: Sequence[Call], row: Sequence[Number]) -> str:
        """What stands for a number of some calls."""
        values = [each.value for each in row]
        places = [self.calls[node] for node in nodes]
        kind = NAMES.get(row[0].name, row[0].name)
        known = {
            name: [column[place] for place in places]
            for name, column in self.columns.items()
            if self.fresh.get(name, kind) == kind
        }
        if all(each.arriving for each in row):
            known["in_channels"] = [each.arriving for each in row]
        known[INPUT] = [self.inputs[place] for place in places]
        found = formula_of(values, known)
        if found is None:
            column: list[Any] = [values[0]] * len(self.calls)
            for place, value in zip(places, values, strict=True):
                column[place] = value
            return self.new(kind, column)
        words = re.findall(r"\w+", found)
        self.wanted |= dict.fromkeys(word for word in words if word in self.columns)
        self.needs_input = self.needs_input or INPUT in words
        return found

    def named(self, node: Call, number: Number) -> str | None:
        """The parameter of the network that has the channels of the only call of a form."""
        place = self.calls[node]
        for name, _ in node.arguments:
            if number.name == "channels" and self.columns.get(name, {place: None})[place] == number.value:
                self.wanted[name] = None
                return name
        return None

    def new(self, name: str, column: list[Any]) -> str:
        """A parameter that the network has no name for."""
        for known, values in self.columns.items():
            if values == column and self.fresh.get(known, name) == name:
                self.wanted[known] = None
                return known
        candidate, number = name, 2
        while candidate in self.columns or candidate in SIZES or candidate in keywords() or candidate == INPUT:
            candidate, number = f"{name}{number}", number + 1
        self.columns[candidate] = column
        self.fresh[candidate] = name
        self.wanted[candidate] = None
        return candidate

    def used(self) -> tuple[tuple[str, Any], ...]:
        """The parameters that the text has, in the order of the network's; the last with what they mostly are."""
        names = [name for name in self.columns if name in self.wanted]
        usual = {name: self.usual(name) for name in names}
        more = sorted(names[self.own(names) :], key=lambda name: (usual[name] is not None, ORDER.get(name, len(ORDER))))
        names[self.own(names) :] = more
        found: list[tuple[str, Any]] = []
        has_default = True
        for name in reversed(names):
            has_default = has_default and name != names[0] and usual[name] is not None
            found.append((name, usual[name] if has_default else None))
        return tuple(reversed(found))

    def own(self, names: Sequence[str]) -> int:
        """How many of the parameters the network has a name for; they come first."""
        return sum(name not in self.fresh for name in names)

    def usual(self, name: str) -> Any:
        """What a parameter is in more than half of all calls, if it is anything."""
        column = self.columns[name]
        (text, times), *_ = Counter(map(literal, column)).most_common(1)
        return next(each for each in column if literal(each) == text) if 2 * times > len(column) > 1 else None
