"""`after` and `default`: what is said of all layers of a kind that follow."""

from __future__ import annotations

from archdsl.elaborate.elaborator import Elaborator, StatementKind
from archdsl.elaborate.sequence import Sequence
from archdsl.elaborate.statements.head import check_keyword
from archdsl.syntax import tree


class AfterStatement(StatementKind[tree.After]):
    """What follows each layer of a kind, to the end of the group."""

    of = tree.After

    def add(self, elaborator: Elaborator, item: tree.After, sequence: Sequence, inside: bool) -> None:
        check_keyword(item.keyword)
        sequence.scope = sequence.scope.with_after(item)


class DefaultStatement(StatementKind[tree.Default]):
    """Arguments of each layer of a kind, to the end of the group."""

    of = tree.Default

    def add(self, elaborator: Elaborator, item: tree.Default, sequence: Sequence, inside: bool) -> None:
        check_keyword(item.keyword)
        elaborator.budget.step(item.span, 1 + len(sequence.scope.defaults.get(item.keyword.text, ())))
        sequence.scope = sequence.scope.with_default(item)
