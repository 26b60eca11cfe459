"""Mistakes that the text of a spec shows by itself, whatever is built of it and whether it can be built.

Building stops at its first mistake, as what arrives behind it is unknown. A misspelt name or a number that a layer
never takes is wrong wherever it stands: in the statements behind, in a column that no variant picks, in a block
of a library. A name counts as known here if anything in the file gives it a value, so that nothing is said that
isn't so.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.elaborate.binding import Binder, UnknownLayer, find_layer, is_bare, place, split_digits, unknown_layer
from archdsl.elaborate.budget import Budget
from archdsl.elaborate.expressions import Evaluator
from archdsl.elaborate.functions import FUNCTIONS
from archdsl.elaborate.program import Program
from archdsl.elaborate.statements.merge import unknown_merge
from archdsl.ir.values import Scope
from archdsl.layers.base import keywords
from archdsl.merges.base import joins
from archdsl.shape import Shape
from archdsl.symbolic import NeedsValue
from archdsl.syntax import tree

_ANYTHING = Shape.of((1, 1, 1, 1))
"""What arrives, for an expression that asks for it: its value is not looked at."""


def mistakes_in_text(program: Program) -> Iterator[Diagnostic]:
    """Each in its place, in the order of the text; those of files that it brings blocks from are theirs."""
    text = _Text(program)
    # What is nested too deep is told where it is built.
    with suppress(RecursionError):
        for item in program.file.items:
            # What stands in a table of variants are names of its own, and values that are worked out for each.
            if not isinstance(item, (tree.Variants, tree.Import)):
                yield from text.mistakes(item)


class _Text:
    def __init__(self, program: Program) -> None:
        nodes = [node for item in program.file.items for node in item.walk()]
        self.bound = {name for node in nodes for name in _bound(node)}
        self.defaults = {node.keyword.text for node in nodes if isinstance(node, tree.Default)}
        self.scope = Scope(dict.fromkeys(self.bound, 0), program.blocks)
        self.evaluate = Evaluator(lambda condition: None, Budget(program.limits))
        self.binder = Binder(self.evaluate)
        self.passed = 0
        """Where what was said of several heads together ends."""

    def mistakes(self, node: tree.Node) -> Iterator[Diagnostic]:
        """Those of a piece of text; what stands inside something unknown is looked at all the same."""
        if isinstance(node, tree.Head) and node.span.start < self.passed:
            return
        try:
            self.check(node)
        except ArchError as error:
            yield from error.diagnostics
            if isinstance(node, tree.Head) and any(isinstance(each, UnknownLayer) for each in error.diagnostics):
                from archdsl.elaborate.foreign import ahead_of, of_head

                # What is written as elsewhere is said to be that as a whole.
                several = ahead_of(node)
                self.passed = several[1].end if several is not None else self.passed
                if several is not None or of_head(node) is not None:
                    return
        for child in node.children:
            if not (isinstance(child, tree.Argument) and is_bare(child)):
                yield from self.mistakes(child)

    def check(self, node: tree.Node) -> None:
        """Raise ArchError if a piece of text is wrong by itself, what stands inside left out."""
        match node:
            case tree.Head():
                self.head(node)
            case tree.Merge() if not self.is_known(node.name.text) and node.name.text not in joins():
                raise ArchError(unknown_merge(node, tuple(self.scope.blocks)))
            case tree.Name():
                self.evaluate(node, self.scope, _ANYTHING)
            case tree.Function() if node.name.text not in FUNCTIONS and node.name.text not in keywords():
                self.evaluate(tree.Function(node.span, node.name, ()), self.scope, _ANYTHING)

    def is_known(self, name: str) -> bool:
        return name in self.bound or name in self.scope.blocks

    def head(self, head: tree.Head) -> None:
        name = head.name.text
        if self.is_known(name) or name in ("project", "optional"):
            return
        if name not in keywords() and split_digits(name)[0] not in keywords():
            raise ArchError(unknown_layer(head, keywords(), tuple(self.scope.blocks)))
        kind, _ = find_layer(head)
        if any(isinstance(node, (tree.Name, tree.Function)) for node in _values(head)):
            named = [(each.name.text, 0, each.name.span) for each in head.arguments if each.name is not None]
            place(kind, {}, [each for each in named if each[0] not in kind.model_fields])
        elif kind.keyword not in self.defaults:
            with suppress(NeedsValue):
                self.binder.bind(head, self.scope, _ANYTHING)


def _values(head: tree.Head) -> Iterator[tree.Node]:
    """The expressions of a head, down to their names."""
    parts = [each for each in (head.kernel, head.size, head.stride) if each is not None]
    for part in [*parts, *(each.value for each in head.arguments if not is_bare(each))]:
        yield from part.walk()


def _bound(node: tree.Node) -> Iterator[str]:
    """The names that a piece of text gives values to."""
    match node:
        case tree.Parameter():
            yield node.name.text
        case tree.Block():
            yield from (word.text for word in node.layers)
        case tree.Let() | tree.Comprehension():
            yield from (word.text for word in node.names)
        case tree.For():
            yield from (word.text for word in node.names)
            yield from [node.index.text] if node.index else []
        case tree.Repeat():
            yield from [node.index.text] if node.index else []
