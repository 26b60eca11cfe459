"""`if`: whether other statements are built."""

from __future__ import annotations

from archdsl.elaborate.elaborator import BodyKind, Elaborator
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.nodes import Chain, Choice, Name
from archdsl.shape import Shape
from archdsl.symbolic import Condition, NeedsValue, choose, negate
from archdsl.syntax import tree


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


class IfBody(BodyKind[tree.If]):
    """One side of a condition, spliced, or under a label a container."""

    of = tree.If
    is_counted = False

    def add(self, elaborator: Elaborator, node: tree.If, sequence: Sequence, label: Name | None, nested: bool) -> None:
        elaborator.container_or_splice(label, node, sequence, lambda inner: choice_into(elaborator, node, inner))
