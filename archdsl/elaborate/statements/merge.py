"""Merges, and blocks that layers are handed to: what angle brackets make."""

from __future__ import annotations

from archdsl.diagnostics import ArchError, Diagnostic, proposal
from archdsl.elaborate.blocks import call_into
from archdsl.elaborate.branches import Branches, name_alone
from archdsl.elaborate.clashes import check_labels
from archdsl.elaborate.elaborator import BodyKind, Elaborator
from archdsl.elaborate.residuals import Residual
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.nodes import Merge, Name
from archdsl.ir.values import BlockValue, Scope
from archdsl.merges.base import joins
from archdsl.shape import Shape
from archdsl.syntax import tree


class UnknownMerge(Diagnostic):
    """Angle brackets behind a name that is neither a merge nor a block."""

    code = "unknown-merge"
    bad = "arch net\ninput 8x8x8\nresidul<conv3-8>\n"
    mended = "arch net\ninput 8x8x8\nresidual<conv3-8>\n"


def unknown_merge(node: tree.Merge, blocks: tuple[str, ...]) -> Diagnostic:
    name = node.name.text
    return UnknownMerge(
        node.name.span,
        f"unknown merge or block `{name}`",
        "angle brackets need a merge or a block",
        **proposal(name_alone(node), name, [*joins(), *blocks], "one"),
    )


def merge_node(elaborator: Elaborator, node: tree.Merge, scope: Scope, x: Shape) -> Merge:
    """The node of a merge where `x` arrives. Raises ArchError where the branches don't fit."""
    kind = Residual if joins()[node.name.text].has_shortcut else Branches
    return kind(elaborator, node, scope, x).build()


class MergeBody(BodyKind[tree.Merge]):
    """A merge, or a block that layers are handed to."""

    of = tree.Merge

    def add(
        self, elaborator: Elaborator, node: tree.Merge, sequence: Sequence, label: Name | None, nested: bool
    ) -> None:
        name = node.name.text
        value = sequence.scope.names.get(name)
        if isinstance(value, BlockValue):
            call_into(elaborator, node, value.definition, node.paths, sequence, label)
        elif name in sequence.scope.blocks:
            call_into(elaborator, node, sequence.scope.blocks[name], node.paths, sequence, label)
        elif name in joins():
            scope, x = sequence.scope, sequence.x
            key = ("merge", node, elaborator.memo.key(node, scope), x)
            made = elaborator.memo.remember(key, lambda: merge_node(elaborator, node, scope, x))
            elaborator.budget.elements(node.span, f"the output of `{name}`", made.output.elements)
            sequence.add(made, label)
            if label is None:
                sequence.reach(elaborator.labels_of.get(made, {}))
            elif elaborator.witnesses is None:
                members = (member for branch in made.branches for member in branch.members)
                check_labels(members, elaborator.budget.step)
        else:
            raise ArchError(unknown_merge(node, tuple(sequence.scope.blocks)))

    def rebuild(self, elaborator: Elaborator, node: tree.Merge, sequence: Sequence, inside: bool) -> None:
        sequence.add(merge_node(elaborator, node, sequence.scope, sequence.x))
