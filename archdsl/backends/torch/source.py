"""The whole source of a network: its classes in order of use, and nothing of ours to import."""

from __future__ import annotations

import re
import textwrap
from collections import Counter
from collections.abc import Mapping, Set
from functools import cached_property
from typing import Any

from archdsl.backends.torch.calls import (
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
    walk,
)
from archdsl.backends.torch.class_text import FUNCTIONS, class_lines, describe, outputs_lines, taken_for_granted
from archdsl.backends.torch.handed import bindings
from archdsl.backends.torch.initials import initial_lines
from archdsl.backends.torch.inner_tensors import InnerTensors
from archdsl.backends.torch.layout import WIDTH
from archdsl.backends.torch.namespace import TAKEN, Namespace, camel, class_name
from archdsl.backends.torch.parameters import Argument, Parameters, handed_constants
from archdsl.backends.torch.printing import literal, prose, quoted
from archdsl.backends.torch.reading import read_back
from archdsl.backends.torch.verify import same_names, verify
from archdsl.backends.torch.writer import ClassWriter, GeneratedClass
from archdsl.elaborate.architecture import build_body, elaborator_of
from archdsl.elaborate.budget import Budget
from archdsl.elaborate.program import Program
from archdsl.elaborate.statements import Elaborator
from archdsl.elaborate.witnesses import Row, Witnesses
from archdsl.ir.free_names import free_names
from archdsl.ir.names import Kind
from archdsl.ir.nodes import Architecture, Chain, LayerNode, Merge, Node
from archdsl.ir.values import BlockValue, Labelled, LayerValue, Value, is_number
from archdsl.layers.torch_call import Module
from archdsl.record import record
from archdsl.symbolic import (
    Comparison,
    Expr,
    Junction,
    NeedsValue,
    Symbol,
    operations,
    symbol,
    symbols,
)
from archdsl.syntax import tree


def source(program: Program, architecture: Architecture) -> str:
    """PyTorch source of a network: a class a block, a loop a repeat, importing torch and nothing else."""
    return SourceWriter(program, architecture).write()


@record
class WrittenClass:
    """A class of a source: the parameters of its constructor, and what calls give for them, with the nodes that do."""

    name: str
    about: str
    arguments: tuple[Argument, ...]
    calls: tuple[tuple[tuple[Any, ...], tuple[Node, ...]], ...]


def written_classes(program: Program, architecture: Architecture) -> list[WrittenClass]:
    """The classes of a source in its order, the network's own last."""
    writer = SourceWriter(program, architecture)
    writer.write()
    calls: dict[str, dict[tuple[Any, ...], tuple[Node, ...]]] = {}
    for key, by_row in writer.built.items():
        for node in writer.nodes[key]:
            row = key_and_row(node)[1]
            made = by_row[freeze(row)]
            values = tuple(each.value(row) for each in made.arguments)
            given = calls.setdefault(made.name, {})
            given[values] = (*given.get(values, ()), node)
    found = []
    for each in writer.order:
        (first, *_), *_ = calls[each.name].values()
        found.append(WrittenClass(each.name, describe(first), each.arguments, tuple(calls[each.name].items())))
    return [*found, WrittenClass(writer.top, writer.summary(), writer.parameters_offered, ())]


class SourceWriter:
    """Collects the classes of one network."""

    def __init__(self, program: Program, architecture: Architecture) -> None:
        self.program = program
        self.architecture = architecture
        self.parameters = dict(architecture.parameters)
        self.nodes: dict[Key, list[Node]] = {}
        for node in walk(architecture.body):
            if is_class(node):
                self.nodes.setdefault(key_and_row(node)[0], []).append(node)
        self.built: dict[Key, dict[frozenset[tuple[str, Any]], GeneratedClass]] = {}
        self.order: list[GeneratedClass] = []
        self.definitions: dict[str, str] = {}
        self.budget = Budget(program.limits, times=4)
        self.class_names: set[str] = set()
        self.variables: set[str] = set()
        """The variables and parameters of all classes so far, which no class may be called."""
        taken = TAKEN | local_words(program) | brought_along(architecture)
        self.names = Namespace(taken, self.variables, self.class_names)
        self.top = self.names.claim(class_name(architecture.name, architecture.variant))
        self.outputs = self.names.claim(f"{self.top}Outputs") if architecture.auxiliary else ""
        """The class of what the network gives in training, where that is more than one tensor."""
        self.inner = InnerTensors(architecture.body)
        self.parameters_offered: tuple[Argument, ...] = ()
        """What the constructor of the network takes, once it is written."""

    def variable_names(self, taken: Set[str]) -> Namespace:
        """A namespace of variables or parameters, none of which is the name of a class."""
        return Namespace(taken, self.class_names, self.variables)

    def define(self, name: str, text: str) -> None:
        """Add the source of a class that torch lacks."""
        self.definitions[name] = text

    def note_functions(self, value: Any) -> None:
        """Add the source of functions that a value calls and Python lacks."""
        for operation in operations(value):
            if operation in FUNCTIONS:
                self.define(operation, FUNCTIONS[operation])

    # Classes of blocks, groups and merges

    def classes_for(
        self, key: Key, unsettled: frozenset[str] = frozenset()
    ) -> dict[frozenset[tuple[str, Any]], GeneratedClass]:
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
        numbers = Parameters(node, rows, fixed, self.variable_names(TAKEN))
        try:
            generated = self.attempt(key, numbers)
        except NeedsValue as need:
            for part, settled in self.partition(need, numbers):
                self.build(key, node, part, settled)
            return
        self.order.append(generated)
        for row in rows:
            self.built[key][freeze(row)] = generated

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

    def attempt(self, key: Key, numbers: Parameters) -> GeneratedClass:
        """Build a body on unknown numbers and write it as a class."""
        node, number = numbers.node, numbers.number
        served = {freeze(row) for row in numbers.rows}
        self.budget.more(len(numbers.rows) * (1 + len(numbers.rows[0])))
        witnesses = Witnesses([numbers.known(row) for row in numbers.rows], spend=self.budget.more)
        origin = node.provenance
        extra = tuple(outer_tensors(node))
        tensors = {
            path: Labelled(path, shape_of(name, shape, number))
            for (path, shape), name in zip(outer_tensors(node).items(), outer_names(node), strict=True)
        }
        known = {name: rebuilt(name, value, number, tensors) for name, value in bindings(node)}
        parameters = {
            name: known[name] if name in known and self.parameters[name] == dict(origin.bindings)[name] else value
            for name, value in self.parameters.items()
        }
        elaborator = elaborator_of(self.program, parameters, witnesses, self.architecture.variant, self.budget)
        elaborator.one_by_one = TURNS in numbers.fixed
        scope = elaborator.block_scope(key.text) if isinstance(key.text, tree.Block) else origin.scope
        scope = scope.bind(**known)
        labels = {name: tensors[each.path] for name, each in scope.labels.items() if each.path in tensors}
        inside = origin.inside
        body = elaborator.rebuild(key.text, scope.with_labels(labels), shape_of("in", node.input, number), inside)
        reach = elaborator.labels_of[body]
        given = tuple(reach[word].path for word in self.inner.words_of(key) if word in reach)
        kind: Kind = "block" if isinstance(key.text, tree.Block) else "group"
        writer = ClassWriter(self, witnesses, numbers.identifiers, named_values(elaborator), numbers.printed, given)
        for each in self.nodes[key]:
            row = key_and_row(each)[1]
            if freeze(row) in served:
                outer = dict(zip(extra, outer_tensors(each), strict=True))
                verify(witnesses, numbers.known(row), body, each, outer)
                same_names(witnesses, numbers.known(row), body, each, kind)
        text = writer.write(body, kind, extra)
        arguments = numbers.arguments(writer.used)
        name = self.names.claim(camel(self.title(node)))
        others = [writer.tensors[target] for target in extra]
        taken = taken_for_granted(witnesses, writer)
        for condition in taken:
            self.note_functions(condition)
        gives = f"tuple[{', '.join(['Tensor'] * (1 + len(given)))}]" if given else "Tensor"
        written = class_lines(name, describe(node), arguments, taken, text, others, gives)
        return GeneratedClass(name, arguments, written, numbers.fixed)

    def title(self, node: Node) -> str:
        """What the class of a node is called after."""
        text = node.provenance.text
        if isinstance(text, tree.Block):
            words = [text.name.text]
            if self.kinds[text] > 1:
                words += [_word(value) for _, value in node.provenance.bindings if not is_number(value)]
            return "_".join(words)
        if isinstance(node, Merge):
            return node.kind
        return self.labels.get(text, "group" if node.provenance.inside else "branch")

    @cached_property
    def kinds(self) -> Counter[tree.Node]:
        """How many kinds of arguments each text is called with."""
        return Counter(text for text, _ in {(key.text, key.special) for key in self.nodes})

    @cached_property
    def labels(self) -> dict[tree.Node, str]:
        """The label of each group that has one."""
        found: dict[tree.Node, str] = {}
        for node in walk(self.architecture.body):
            if isinstance(node, Chain):
                for member in node.members:
                    if member.label is not None and member.node.origin is not None:
                        word = "".join(str(piece) for piece in member.label if isinstance(piece, str))
                        found.setdefault(member.node.provenance.text, word)
        return found

    # The network itself

    def write(self) -> str:
        """The text of the module."""
        top = self.network(below_zero(self.parameters))
        self.parameters_offered = top.arguments
        parts = ["\n".join(each.lines) for each in self.order]
        if self.outputs:
            fields = ["output", *self.architecture.auxiliary]
            parts.append("\n".join(outputs_lines(self.outputs, self.top, fields)))
        parts.append("\n".join(top.lines))
        # Some were for a text that was given up.
        code = "\n".join(parts)
        used = (text for name, text in self.definitions.items() if re.search(rf"\b{re.escape(name)}\(", code))
        parts = [*(text.strip("\n") for text in used), *parts]
        body = "\n\n\n".join(parts)
        text = f"{self.header(body)}\n\n\n{body}\n"
        self.read_back(text)
        return text

    def read_back(self, text: str) -> None:
        """Raise WrongSource unless the text is the network, class by class and call by call."""
        used = {generated.name for generated in self.order}
        calls = [
            (generated.name, {each.name: each.value(key_and_row(node)[1]) for each in generated.arguments}, node)
            for key, by_row in self.built.items()
            for node in {freeze(key_and_row(node)[1]): node for node in reversed(self.nodes[key])}.values()
            for generated in [by_row[freeze(key_and_row(node)[1])]]
            if generated.name in used
        ]
        layers = [node for node in walk(self.architecture.body) if isinstance(node, LayerNode)]
        read_back(text, self.top, self.architecture, layers, self.definitions, calls, self.serving, self.inner)

    def serving(self, node: Node) -> tuple[str, tuple[tuple[str, Any], ...]]:
        """The class that serves a node, and what it is handed."""
        key, row = key_and_row(node)
        generated = self.built.get(key, {}).get(freeze(row))
        if generated is None:
            # It stands in the text of the class around it.
            return "", ()
        return generated.name, tuple(sorted((each.name, each.value(row)) for each in generated.arguments))

    def network(self, fixed: frozenset[str]) -> GeneratedClass:
        """The class of the network; its parameters that are numbers stay open unless something depends on them."""
        row: Row = {name: value for name, value in self.parameters.items() if is_number(value)}
        if self.program.input is not None and any(name.startswith(SIZE) for name in fixed):
            # The text is that of one input size, which no parameter may change.
            fixed |= free_names(self.program.input) & row.keys()
        names = self.variable_names(TAKEN)
        identifiers = {name: names.claim(name) for name in row}
        sizes = shape_row("in", self.architecture.input)
        del sizes["in_channels"]
        identifiers |= {name: name for name in sizes}
        row |= sizes
        known = dict(row)
        witnesses = Witnesses(
            [{identifiers[name]: value for name, value in known.items()}], settle=False, spend=self.budget.more
        )

        def number(name: str, value: Any) -> Any:
            if name in fixed or name not in identifiers:
                return value
            kind = "size" if name.startswith("#") else "float" if isinstance(value, float) else "int"
            return symbol(identifiers[name], kind)  # type: ignore[arg-type]

        parameters: dict[str, Value] = {
            name: number(name, value) if is_number(value) else value for name, value in self.parameters.items()
        }
        before = len(self.order), dict(self.built), set(self.names.taken)
        try:
            x = shape_of("in", self.architecture.input, number)
            elaborator = elaborator_of(self.program, parameters, witnesses, self.architecture.variant, self.budget)
            elaborator.one_by_one = TURNS in fixed
            body = build_body(self.program, elaborator, parameters, x)
            writer = ClassWriter(self, witnesses, identifiers, named_values(elaborator))
            verify(witnesses, witnesses.rows[0], body, self.architecture.body)
            written = writer.write(body, "top", ())
            written.constructor += initial_lines(self.architecture, self.definitions)
        except NeedsValue as need:
            asked = {
                name for name in identifiers for each in symbols(*need.expressions) if identifiers[name] == each.name
            }
            asked = asked or {TURNS}
            if not asked - fixed:
                raise
            del self.order[before[0] :]
            self.built = before[1]
            self.names.restore(before[2])
            return self.network(fixed | asked)
        arguments = tuple(
            Argument(identifiers[name], (name,), "float" if isinstance(row[name], float) else "int", literal(row[name]))
            for name in row
            if identifiers[name] in writer.used
        )
        gives = f"Tensor | {self.outputs}" if self.outputs else "Tensor"
        lines = class_lines(self.top, self.summary(), arguments, [], written, [], gives)
        return GeneratedClass(self.top, arguments, lines)

    def summary(self) -> str:
        variant = f", variant {self.architecture.variant}" if self.architecture.variant else ""
        return f"The network {self.architecture.name}{variant}."

    def header(self, body: str) -> str:
        """The docstring and imports. No text of the spec stands in the first two lines."""
        comment = leading_comment(self.program.file)
        about = f"Made by archdsl from {prose(spec_name(self.program))}" + (f": {comment}" if comment else ".")
        text = "\n".join(textwrap.wrap(about, WIDTH, break_long_words=False, break_on_hyphens=False))
        imports = ["import torch"] if "torch." in body else []
        imports.append("from torch import Tensor, nn" if "Tensor" in body else "from torch import nn")
        builtin = ["from collections import OrderedDict"] if "OrderedDict(" in body else []
        builtin += ["from typing import NamedTuple"] if self.outputs else []
        imports = [*builtin, "", *imports] if builtin else imports
        exported = f"__all__ = [{quoted(self.top)}]"
        return "\n".join([f'"""{self.top}, a network in PyTorch.', "", text, '"""', "", *imports, "", exported])


def below_zero(row: Mapping[str, Any]) -> frozenset[str]:
    """The numbers that stand in a text as they are, since formulas of unknown ones take those to be sizes."""
    return frozenset(name for name, value in row.items() if isinstance(value, (int, float)) and value < 0)


def local_words(program: Program) -> frozenset[str]:
    """What variables and parameters of a source may be called after, so that nothing beside the classes is."""
    found: set[str] = set()
    for file in program.files:
        for item in file.file.items:
            for node in item.walk():
                if isinstance(node, tree.Parameter):
                    found.add(node.name.text)
                elif isinstance(node, (tree.Let, tree.For)):
                    found.update(word.text for word in node.names)
                elif isinstance(node, (tree.Statement, tree.LabelledTable)) and node.label is not None:
                    found.add(node.label.plain or "")
                elif isinstance(node, tree.Aux):
                    found.add(node.name.text)
    return frozenset(found)


def brought_along(architecture: Architecture) -> frozenset[str]:
    """The classes and functions that a source may hold beside those of the network."""
    layers = (node for node in walk(architecture.body) if isinstance(node, LayerNode))
    steps = (step for node in layers for step in node.layer.torch(node.input))
    classes = {step.name for step in steps if isinstance(step, Module) and step.definition}
    return frozenset({*classes, *FUNCTIONS, "NamedTuple"})


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


def leading_comment(file: tree.File) -> str:
    """The first line of the comment that opens a spec, as text for a docstring."""
    if not file.comments or file.comments[0].span.start != 0:
        return ""
    return prose(file.comments[0].text.lstrip("# "))


def spec_name(program: Program) -> str:
    return program.file.source.name.replace("\\", "/").rsplit("/", 1)[-1]


def _word(value: Value) -> str:
    if isinstance(value, LayerValue):
        return value.keyword
    if isinstance(value, BlockValue):
        return value.definition.name.text
    return re.sub(r"[^A-Za-z0-9]+", "_", str(value)) if isinstance(value, (str, bool)) else ""
