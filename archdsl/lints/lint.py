"""What a lint is, and the ways to look through a network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from archdsl.diagnostics import Diagnostic, Span
from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Architecture, LayerNode
from archdsl.ir.walk import walk
from archdsl.once import once
from archdsl.syntax import tree


class Lint(Diagnostic):
    """Something that is allowed and rarely meant. A subclass says where it finds itself, in a text or in a network.

    A lint may only speak where it can say what to write instead, and where what was meant can be written so
    that it is silent.
    """

    severity = "warning"
    is_alone: ClassVar[bool] = False
    """Whether no other is looked for beside it, as the network isn't the one that was meant."""

    @classmethod
    def in_text(cls, program: Program) -> Iterator[Lint]:
        """Those in the text of a spec that has no mistakes."""
        yield from ()

    @classmethod
    def in_network(cls, program: Program, network: Architecture) -> Iterator[Lint]:
        """Those in a network that was built of it."""
        yield from ()


def layers(network: Architecture) -> Iterator[LayerNode]:
    """Every layer of a network once."""
    return (node for node in walk(network.body) if isinstance(node, LayerNode))


def text_at(program: Program, span: Span) -> Iterator[tree.Node]:
    """What stands around a place and at it, from the outside in."""
    for file in program.files:
        if file.file.source is span.source:
            pending = list(file.file.items)
            while pending:
                node = pending.pop()
                if node.span.start <= span.start and span.end <= node.span.end:
                    yield node
                    pending = list(node.children)


def head_at(program: Program, span: Span) -> tree.Head | None:
    """The head that a layer was written as; None for one that was handed over by its name."""
    return _heads(program).get(span)


@once
def _heads(program: Program) -> dict[Span, tree.Head]:
    """Every head of a spec and of what it brings in, by its place."""
    items = (item for file in program.files for item in file.file.items)
    return {node.span: node for item in items for node in item.walk() if isinstance(node, tree.Head)}
