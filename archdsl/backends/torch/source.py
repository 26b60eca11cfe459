"""The whole source of a network: its classes in order of use, and nothing of ours to import."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from archdsl.backends.classes.building import Classes
from archdsl.backends.classes.calls import key_and_row
from archdsl.backends.classes.language import Work
from archdsl.backends.classes.names import Namespace, camel, class_name
from archdsl.backends.classes.parameters import Argument
from archdsl.backends.python.layout import WIDTH
from archdsl.backends.python.literals import prose, quoted
from archdsl.backends.torch.class_text import (
    class_lines,
    describe,
    outputs_lines,
    taken_for_granted,
)
from archdsl.backends.torch.functions import FUNCTIONS
from archdsl.backends.torch.initials import initial_lines
from archdsl.backends.torch.namespace import TAKEN
from archdsl.backends.torch.reading import read_back
from archdsl.backends.torch.shared import Shared
from archdsl.backends.torch.writer import ClassWriter
from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Architecture, LayerNode, Node
from archdsl.ir.walk import walk
from archdsl.layers.torch_call import Module
from archdsl.record import record
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
    found = []
    for each in writer.classes.order:
        calls: dict[tuple[Any, ...], tuple[Node, ...]] = {}
        for node in writer.classes.served_by(each):
            row = key_and_row(node)[1]
            values = tuple(argument.value(row) for argument in each.arguments)
            calls[values] = (*calls.get(values, ()), node)
        (first, *_), *_ = calls.values()
        found.append(WrittenClass(each.name, describe(first), each.arguments, tuple(calls.items())))
    top = writer.classes.top
    assert top is not None
    return [*found, WrittenClass(top.name, writer.summary(), top.arguments, ())]


class SourceWriter:
    """Writes the source of one network: what is language in `backends/classes` is PyTorch here."""

    words: ClassVar[Mapping[str, str]] = {"kernel": "kernel_size", "channels": "out_channels"}

    def __init__(self, program: Program, architecture: Architecture) -> None:
        self.program = program
        self.architecture = architecture
        self.lines: dict[str, list[str]] = {}
        """Those of the network's classes."""
        self.classes: Classes[ClassWriter] = Classes(program, architecture, self)
        self.shared = Shared(TAKEN | local_words(program) | brought_along(architecture), self.classes)
        self.names = self.shared.names
        self.top = self.names.claim(class_name(architecture.name, architecture.variant))
        if architecture.auxiliary:
            self.shared.outputs = self.names.claim(f"{self.top}Outputs")

    # What classes ask of a language

    def variables(self) -> Namespace:
        """Names for the parameters of one class."""
        return self.shared.variable_names(TAKEN)

    def body(self, work: Work) -> tuple[ClassWriter, set[str]]:
        """A class with its constructor and its `forward`."""
        writer = ClassWriter(self.shared, work)
        writer.write()
        if work.kind == "top":
            writer.text.constructor += initial_lines(self.architecture, self.shared.definitions)
        return writer, writer.used

    def define(self, work: Work, text: ClassWriter, arguments: tuple[Argument, ...]) -> str:
        """The lines of a class under the name that it gets."""
        if work.node is None:
            gives = f"Tensor | {self.shared.outputs}" if self.shared.outputs else "Tensor"
            self.lines[self.top] = class_lines(self.top, self.summary(), arguments, [], text.text, [], gives)
            return self.top
        name = self.names.claim(camel(work.title))
        taken = taken_for_granted(work.witnesses, text.used)
        for condition in taken:
            self.shared.note_functions(condition)
        gives = f"tuple[{', '.join(['Tensor'] * (1 + len(work.given)))}]" if work.given else "Tensor"
        others = [text.tensors[path] for path in work.outer]
        self.lines[name] = class_lines(name, describe(work.node), arguments, taken, text.text, others, gives)
        return name

    def drop(self, names: Iterable[str]) -> None:
        """Give up classes, and what they are called."""
        self.names.give_back(names)

    # The source

    def write(self) -> str:
        """The text of the module."""
        self.classes.network(self.top)
        parts = ["\n".join(self.lines[each.name]) for each in self.classes.order]
        if self.shared.outputs:
            fields = ["output", *self.architecture.auxiliary]
            parts.append("\n".join(outputs_lines(self.shared.outputs, self.top, fields)))
        parts.append("\n".join(self.lines[self.top]))
        # Some were for a text that was given up.
        code = "\n".join(parts)
        used = (text for name, text in self.shared.definitions.items() if re.search(rf"\b{re.escape(name)}\(", code))
        parts = [*(text.strip("\n") for text in used), *parts]
        body = "\n\n\n".join(parts)
        text = f"{self.header(body)}\n\n\n{body}\n"
        self.read_back(text)
        return text

    def read_back(self, text: str) -> None:
        """Raise WrongSource unless the text is the network, class by class and call by call."""
        layers = [node for node in walk(self.architecture.body) if isinstance(node, LayerNode)]
        calls, serving = self.classes.calls(), self.classes.serving
        read_back(text, self.top, self.architecture, layers, self.shared.definitions, calls, serving, self.shared.inner)

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
        builtin += ["from typing import NamedTuple"] if self.shared.outputs else []
        imports = [*builtin, "", *imports] if builtin else imports
        exported = f"__all__ = [{quoted(self.top)}]"
        return "\n".join([f'"""{self.top}, a network in PyTorch.', "", text, '"""', "", *imports, "", exported])


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


def leading_comment(file: tree.File) -> str:
    """The first line of the comment that opens a spec, as text for a docstring."""
    if not file.comments or file.comments[0].span.start != 0:
        return ""
    return prose(file.comments[0].text.lstrip("# "))


def spec_name(program: Program) -> str:
    return program.file.source.name.replace("\\", "/").rsplit("/", 1)[-1]
