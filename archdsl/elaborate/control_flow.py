"""`for` and `if`: how often other statements are built, and whether."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.elaborate.expressions import copying, items_of, unpack
from archdsl.elaborate.reserved import check_name
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.nodes import Chain, Choice
from archdsl.shape import Shape
from archdsl.symbolic import Condition, NeedsValue, choose, negate
from archdsl.syntax import tree

if TYPE_CHECKING:
    from archdsl.elaborate.statements import Elaborator


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


def choice_into(elaborator: Elaborator, node: tree.If, sequence: Sequence) -> None:
    """Add one side of an `if` where the condition is settled; both where calls of a class differ on it."""
    condition = elaborator.evaluate.condition(node.condition, sequence.scope, sequence.x)
    settled = condition if isinstance(condition, bool) else elaborator.decide(condition)
    if settled is None:
        assert not isinstance(condition, bool)
        assert elaborator.witnesses is not None
        _both_into(elaborator, node, elaborator.witnesses.rest(condition), sequence)
    elif settled:
        elaborator.statements(node.then.items, sequence, inside=True)
    elif isinstance(node.otherwise, tree.If):
        choice_into(elaborator, node.otherwise, sequence)
    elif node.otherwise is not None:
        elaborator.statements(node.otherwise.items, sequence, inside=True)


def _both_into(elaborator: Elaborator, node: tree.If, condition: Condition, sequence: Sequence) -> None:
    sides: list[Chain] = []
    opposite = negate(condition)
    assert not isinstance(opposite, bool)
    assert elaborator.witnesses is not None
    for side, part in ((condition, node.then), (opposite, node.otherwise)):
        inner = Sequence(sequence.x, sequence.scope)
        with elaborator.witnesses.narrow(side):
            if isinstance(part, tree.If):
                choice_into(elaborator, part, inner)
            elif part is not None:
                elaborator.statements(part.items, inner, inside=True)
        if elaborator.references.may_name(inner.labels):
            # A tensor that is there in some calls only can't be referred to in one text for all.
            raise NeedsValue(condition)
        sides.append(elaborator.finish(inner, node.span))
    then, otherwise = sides
    sequence.add(
        Choice(
            input=sequence.x,
            output=join_shapes(condition, then.output, otherwise.output),
            span=node.span,
            condition=condition,
            then=then,
            otherwise=otherwise,
        )
    )


def join_shapes(condition: Condition, then: Shape, otherwise: Shape) -> Shape:
    """The shape behind an undecided condition: each size is that of one side or the other."""
    if then.layout is not otherwise.layout or then.rank != otherwise.rank:
        raise NeedsValue(condition)
    dims = tuple(choose(condition, a, b) for a, b in zip(then.dims, otherwise.dims, strict=True))
    return Shape(dims, then.layout)
