"""`for`: how often other statements are built."""

from __future__ import annotations

from archdsl.elaborate.elaborator import BodyKind, Elaborator
from archdsl.elaborate.expressions import copying, items_of, unpack
from archdsl.elaborate.reserved import check_name
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.nodes import Name
from archdsl.syntax import tree


def loop_into(elaborator: Elaborator, node: tree.For, sequence: Sequence) -> None:
    """Add the statements of a `for` to a chain, once for each item."""
    for word in (*node.names, *([node.index] if node.index else ())):
        check_name(word, "a value")
    outer = sequence.scope
    items = items_of(elaborator.evaluate(node.iterable, outer, sequence.x), node.iterable.span)
    for turn, item in enumerate(items):
        elaborator.budget.step(node.span, copying(outer))
        names = unpack(node.names, item, node.iterable.span)
        if node.index is not None:
            names[node.index.text] = turn
        sequence.scope = outer.with_labels(sequence.labels).bind(**names)
        elaborator.statements(node.body.items, sequence, inside=True)
    sequence.scope = outer.with_labels(sequence.labels)


class ForBody(BodyKind[tree.For]):
    """A group for each item of a list, spliced, or under a label in one container."""

    of = tree.For
    is_counted = False

    def add(self, elaborator: Elaborator, node: tree.For, sequence: Sequence, label: Name | None, nested: bool) -> None:
        elaborator.container_or_splice(label, node, sequence, lambda inner: loop_into(elaborator, node, inner))
