"""`aux`: outputs beside the network's own, which exist in training only."""

from __future__ import annotations

from archdsl.diagnostics import ArchError
from archdsl.elaborate.elaborator import Elaborator, StatementKind
from archdsl.elaborate.labels import BadLabel, LabelTwice, check_label
from archdsl.elaborate.sequence import Sequence
from archdsl.elaborate.statements.reference import labelled
from archdsl.ir.nodes import Aux, Node
from archdsl.layers.window import ShapeTooSmall
from archdsl.syntax import tree

_TUPLE = ("output", "count", "index")
"""What a named tuple of outputs has already: the network's own output, and the methods of every tuple."""


def aux_into(elaborator: Elaborator, item: tree.Aux, sequence: Sequence) -> None:
    """Add an auxiliary output to the network; what arrives goes on unchanged.

    Raises ArchError for a name that can't be one of outputs, and for a label that isn't there.
    """
    name = item.name.text
    check_label((name,), tree.Template(item.name.span, (name,)))
    if name in _TUPLE:
        raise ArchError(
            BadLabel(item.name.span, f"the output can't be called `{name}`", "every tuple of outputs has that already")
        )
    if name in sequence.labels or any(member.label == (name,) for member in sequence.members):
        raise ArchError(LabelTwice(item.name.span, f"the label `{name}` is given twice", "the second of that name"))
    tensor = labelled(elaborator, item.source, item.source.span, sequence.scope, sequence.x)
    x = sequence.x
    try:
        body = _body(elaborator, item, Sequence(tensor.shape, sequence.scope))
    except ArchError as error:
        for each in error.diagnostics:
            if isinstance(each, ShapeTooSmall):
                each.notes = (*each.notes, f"`{name}` is made in training only: in evaluation smaller inputs fit")
        raise
    sequence.add(Aux(input=x, output=x, span=item.span, target=tensor.path, body=body), (name,))


def _body(elaborator: Elaborator, item: tree.Aux, inner: Sequence) -> Node:
    """What makes the output: one layer or block, or a group as a container."""
    scope = inner.scope
    elaborator.body(item.body, inner, None, nested=True)
    if len(inner.members) == 1:
        return inner.members[0].node
    # What follows a layer by an `after` belongs to it, and so does what a parameter of several layers holds.
    return elaborator.finish(inner, item.body.span, True, item.body, scope)


class AuxStatement(StatementKind[tree.Aux]):
    """An output beside the network's own, in training only."""

    of = tree.Aux

    def add(self, elaborator: Elaborator, item: tree.Aux, sequence: Sequence, inside: bool) -> None:
        aux_into(elaborator, item, sequence)
