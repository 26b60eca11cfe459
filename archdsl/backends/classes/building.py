"""Which classes a network needs, and which serves which call: a class a block, and more where one can't serve all.

It knows no language. One is asked for the text of a class on unknown numbers, and says which of them the text uses;
where a text can't leave a number or a condition open it raises NeedsValue, and there is one more class.
"""

from __future__ import annotations

from typing import Any, Generic

from archdsl.backends.classes.calls import (
    SIZE,
    TURNS,
    Key,
    freeze,
    is_class,
    key_and_row,
    outer_names,
    outer_tensors,
    rebuilt,
    shape_of,
    shape_row,
)
from archdsl.backends.classes.handed import bindings
from archdsl.backends.classes.inner_tensors import InnerTensors
from archdsl.backends.classes.language import Class, Language, Text, Work
from archdsl.backends.classes.parameters import Argument, Parameters, below_zero, handed_constants
from archdsl.backends.classes.titles import Titles
from archdsl.backends.classes.verify import same_names, verify
from archdsl.elaborate.architecture import build_body, elaborator_of
from archdsl.elaborate.budget import Budget
from archdsl.elaborate.elaborator import Elaborator
from archdsl.elaborate.program import Program
from archdsl.elaborate.witnesses import Row, Witnesses
from archdsl.ir.free_names import free_names
from archdsl.ir.names import Kind
from archdsl.ir.nodes import Architecture, Chain, Merge, Node
from archdsl.ir.values import Labelled, Value, is_number
from archdsl.ir.walk import walk
from archdsl.symbolic import Comparison, Expr, Junction, NeedsValue, Symbol, symbol, symbols
from archdsl.syntax import tree

Served = dict[frozenset[tuple[str, Any]], Class]
"""The classes of a key, by the numbers of the calls that each serves."""


class Classes(Generic[Text]):
    """The classes of one network in one language."""

    def __init__(self, program: Program, architecture: Architecture, language: Language[Text]) -> None:
        self.program = program
        self.architecture = architecture
        self.language = language
        self.parameters = dict(architecture.parameters)
        self.budget = Budget(program.limits, times=4)
        self.inner = InnerTensors(architecture.body)
        self.nodes: dict[Key, list[Node]] = {}
        for node in walk(architecture.body):
            if is_class(node):
                self.nodes.setdefault(key_and_row(node)[0], []).append(node)
        self.titles = Titles(architecture.body, self.nodes)
        self.built: dict[Key, Served] = {}
        self.order: list[Class] = []
        """Those that are in use, each behind the ones that it calls."""
        self.top: Class | None = None
        """The network's own, once it is written."""

    # Calls

    def called(self, node: Node, witnesses: Witnesses) -> tuple[Class, Row]:
        """The class that serves a node in all calls of the class being written, and what it is called with."""
        key, row = key_and_row(node)
        open_flags = [each for _, value in node.provenance.bindings for each in _unsettled(value)]
        if open_flags:
            # A class is written for what a flag says.
            raise NeedsValue(*open_flags)
        served = self.classes_for(key, frozenset(name for name, each in row.items() if isinstance(each, Expr)))
        found = {
            id(each): each for each in (served[freeze(_settled(row, outer, witnesses))] for outer in witnesses.rows)
        }
        if len(found) != 1:
            raise NeedsValue(*[each for each in row.values() if isinstance(each, Expr)])
        (one,) = found.values()
        frozen = [each for name in one.fixed if isinstance(each := row.get(name), Expr)]
        if frozen:
            # The text has the number in it that would depend on a parameter here.
            raise NeedsValue(*frozen)
        return one, row

    def serving(self, node: Node) -> tuple[str, tuple[tuple[str, Any], ...]]:
        """The class that serves a node, and what it is handed; '' for what stands in the class around it."""
        key, row = key_and_row(node)
        made = self.built.get(key, {}).get(freeze(row))
        if made is None:
            return "", ()
        return made.name, tuple(sorted((each.name, each.value(row)) for each in made.arguments))

    def served_by(self, made: Class) -> list[Node]:
        """The nodes of the network that a class serves."""
        return [
            node
            for key, served in self.built.items()
            for node in self.nodes[key]
            if served[freeze(key_and_row(node)[1])].name == made.name
        ]

    def calls(self) -> list[tuple[str, dict[str, Any], Node]]:
        """Each class with the arguments of a call of it, and the node that the call is; equal calls once."""
        used = {each.name for each in self.order}
        found = []
        for key, served in self.built.items():
            for node in {freeze(key_and_row(node)[1]): node for node in reversed(self.nodes[key])}.values():
                row = key_and_row(node)[1]
                made = served[freeze(row)]
                if made.name in used:
                    found.append((made.name, {each.name: each.value(row) for each in made.arguments}, node))
        return found

    # Classes of blocks, groups and merges

    def classes_for(self, key: Key, unsettled: frozenset[str] = frozenset()) -> Served:
        """The classes of a key, by the numbers of the calls that each serves.

        `unsettled` are numbers of a call that depend on parameters of the class it stands in.
        """
        if key not in self.built:
            self.built[key] = {}
            nodes = self.nodes[key]
            rows = {freeze(row): row for row in (key_and_row(node)[1] for node in nodes)}
            # A number that depends on a parameter where the class is called can't stand in its text.
            fixed = handed_constants(list(rows.values()), unsettled)
            below = sorted({name for row in rows.values() for name in below_zero(row)})
            groups: dict[Any, list[Row]] = {}
            for row in rows.values():
                groups.setdefault(tuple(row[name] for name in below), []).append(row)
            for group in groups.values():
                self.build(key, nodes[0], group, fixed | set(below))
        return self.built[key]

    def build(self, key: Key, node: Node, rows: list[Row], fixed: frozenset[str]) -> None:
        """Write a class for calls, or several where one text can't serve them all."""
        numbers = Parameters(node, rows, fixed, self.language.variables(), self.language.words)
        try:
            made = self.attempt(key, numbers)
        except NeedsValue as need:
            for part, settled in self.partition(need, numbers):
                self.build(key, node, part, settled)
            return
        self.order.append(made)
        for row in rows:
            self.built[key][freeze(row)] = made

    def partition(self, need: NeedsValue, numbers: Parameters) -> list[tuple[list[Row], frozenset[str]]]:
        """Calls in groups that agree on what one text could not leave open."""
        rows, fixed = numbers.rows, numbers.fixed
        conditions = [each for each in need.expressions if isinstance(each, (Comparison, Junction))]
        witnesses = Witnesses([], spend=self.budget.more)
        if conditions:
            groups: dict[Any, list[Row]] = {}
            for row in rows:
                outcome = tuple(witnesses.value(each, numbers.known(row)) for each in conditions)
                groups.setdefault(outcome, []).append(row)
            if len(groups) > 1:
                return [(group, fixed) for group in groups.values()]
        asked = numbers.asked({each.name for each in symbols(*need.expressions)})
        if not asked and TURNS not in fixed:
            return [(rows, fixed | {TURNS})]
        if not asked:
            raise need
        by_value: dict[Any, list[Row]] = {}
        for row in rows:
            by_value.setdefault(tuple(row[name] for name in asked), []).append(row)
        return [(group, fixed | set(asked)) for group in by_value.values()]

    def attempt(self, key: Key, numbers: Parameters) -> Class:
        """Build a body on unknown numbers and write it as a class."""
        self.budget.more(len(numbers.rows) * (1 + len(numbers.rows[0])))
        witnesses = Witnesses([numbers.known(row) for row in numbers.rows], spend=self.budget.more)
        node, inside = numbers.node, isinstance(key.text, tree.Block)
        outer = tuple(outer_tensors(node))
        elaborator, body = self.rebuilt(key, numbers, witnesses)
        reach = elaborator.labels_of[body]
        given = tuple(reach[word].path for word in self.inner.words_of(key) if word in reach)
        kind: Kind = "block" if inside else "group"
        title, lets = self.titles.of(node), named_values(elaborator)
        work = Work(kind, node, title, body, outer, given, witnesses, numbers.identifiers, numbers.printed, lets)
        self.verify(key, numbers, work)
        text, used = self.language.body(work)
        arguments = numbers.arguments(used)
        return Class(self.language.define(work, text, arguments), arguments, numbers.fixed)

    def rebuilt(self, key: Key, numbers: Parameters, witnesses: Witnesses) -> tuple[Elaborator, Chain | Merge]:
        """What a text makes of unknown numbers, and what made it."""
        node, origin = numbers.node, numbers.node.provenance
        tensors = {
            path: Labelled(path, shape_of(name, shape, numbers.number))
            for (path, shape), name in zip(outer_tensors(node).items(), outer_names(node), strict=True)
        }
        known = {name: rebuilt(name, value, numbers.number, tensors) for name, value in bindings(node)}
        parameters = {
            name: known[name] if name in known and self.parameters[name] == dict(origin.bindings)[name] else value
            for name, value in self.parameters.items()
        }
        elaborator = elaborator_of(self.program, parameters, witnesses, self.architecture.variant, self.budget)
        elaborator.one_by_one = TURNS in numbers.fixed
        scope = elaborator.block_scope(key.text) if isinstance(key.text, tree.Block) else origin.scope
        scope = scope.bind(**known)
        labels = {name: tensors[each.path] for name, each in scope.labels.items() if each.path in tensors}
        x = shape_of("in", node.input, numbers.number)
        return elaborator, elaborator.rebuild(key.text, scope.with_labels(labels), x, origin.inside)

    def verify(self, key: Key, numbers: Parameters, work: Work) -> None:
        """Hold the body of a class to every call that it serves."""
        served = {freeze(row) for row in numbers.rows}
        for each in self.nodes[key]:
            row = key_and_row(each)[1]
            if freeze(row) in served:
                outer = dict(zip(work.outer, outer_tensors(each), strict=True))
                verify(work.witnesses, numbers.known(row), work.body, each, outer)
                same_names(work.witnesses, numbers.known(row), work.body, each, work.kind)

    # The network itself

    def network(self, title: str) -> Class:
        """The class of the network, and all that it needs; its numbers stay open unless something asks for one."""
        self.top = self._network(title, below_zero(self.parameters))
        return self.top

    def _network(self, title: str, fixed: frozenset[str]) -> Class:
        row: Row = {name: value for name, value in self.parameters.items() if is_number(value)}
        if self.program.input is not None and any(name.startswith(SIZE) for name in fixed):
            # The text is that of one input size, which no parameter may change.
            fixed |= free_names(self.program.input) & row.keys()
        names = self.language.variables()
        identifiers = {name: names.claim(name) for name in row}
        sizes = shape_row("in", self.architecture.input)
        del sizes["in_channels"]
        identifiers |= {name: name for name in sizes}
        known = {identifiers[name]: value for name, value in (row | sizes).items()}
        witnesses = Witnesses([known], settle=False, spend=self.budget.more)

        def number(name: str, value: Any) -> Any:
            if name in fixed or name not in identifiers:
                return value
            kind = "size" if name.startswith(SIZE) else "float" if isinstance(value, float) else "int"
            return symbol(identifiers[name], kind)  # type: ignore[arg-type]

        parameters: dict[str, Value] = {
            name: number(name, value) if is_number(value) else value for name, value in self.parameters.items()
        }
        before = len(self.order), dict(self.built)
        try:
            x = shape_of("in", self.architecture.input, number)
            elaborator = elaborator_of(self.program, parameters, witnesses, self.architecture.variant, self.budget)
            elaborator.one_by_one = TURNS in fixed
            body = build_body(self.program, elaborator, parameters, x)
            work = Work("top", None, title, body, (), (), witnesses, identifiers, {}, named_values(elaborator))
            verify(witnesses, known, body, self.architecture.body)
            text, used = self.language.body(work)
        except NeedsValue as need:
            wanted = {each.name for each in symbols(*need.expressions)}
            asked = {name for name in identifiers if identifiers[name] in wanted} or {TURNS}
            if not asked - fixed:
                raise
            self.language.drop(each.name for each in self.order[before[0] :])
            del self.order[before[0] :]
            self.built = before[1]
            return self._network(title, fixed | asked)
        arguments = tuple(
            Argument(identifiers[name], (name,), "float" if isinstance(value, float) else "int", value)
            for name, value in row.items()
            if identifiers[name] in used
        )
        return Class(self.language.define(work, text, arguments), arguments)


def _settled(row: Row, outer: Row, witnesses: Witnesses) -> Row:
    """The numbers of a call inside a class, for one call of the class."""
    return {name: witnesses.value(value, outer) for name, value in row.items()}  # type: ignore[misc]


def _unsettled(value: Any) -> list[Any]:
    """The conditions and formulas that a flag or list is made of, for whose values a class is written."""
    if isinstance(value, (Comparison, Junction)):
        return [value]
    if not isinstance(value, tuple):
        return []
    return [each for inner in value for each in ([inner] if isinstance(inner, Expr) else _unsettled(inner))]


def named_values(elaborator: Elaborator) -> dict[Expr, str]:
    """The sums and products that a `let` names, each under the name it was given first."""
    found: dict[Expr, str] = {}
    for name, value in elaborator.lets:
        if (
            any(len(monomial) != 1 or not isinstance(monomial[0], Symbol) for monomial in value.terms)
            or len(value.terms) > 1
        ):
            found.setdefault(value, name)
    return found
