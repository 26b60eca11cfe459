"""`[ … ]`: statements as a container of their own, or spliced into the one around."""

from __future__ import annotations

from archdsl.elaborate.elaborator import BodyKind, Elaborator
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.nodes import Name
from archdsl.syntax import tree


class GroupBody(BodyKind[tree.Group]):
    """A container under a label, or inside another group; else spliced."""

    of = tree.Group

    def add(
        self, elaborator: Elaborator, node: tree.Group, sequence: Sequence, label: Name | None, nested: bool
    ) -> None:
        if label is None and not nested:
            elaborator.statements(node.items, sequence, inside=True)
        else:
            sequence.add(elaborator.container(node, sequence.scope, sequence.x), label)

    def rebuild(self, elaborator: Elaborator, node: tree.Group, sequence: Sequence, inside: bool) -> None:
        elaborator.statements(node.items, sequence, inside)
