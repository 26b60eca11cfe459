"""`let`: a name for a value, for what follows."""

from __future__ import annotations

from archdsl.elaborate.elaborator import Elaborator, StatementKind
from archdsl.elaborate.expressions import copying, unpack
from archdsl.elaborate.reserved import check_name
from archdsl.elaborate.sequence import Sequence
from archdsl.symbolic import Expr
from archdsl.syntax import tree


class LetStatement(StatementKind[tree.Let]):
    """Names in force to the end of the group."""

    of = tree.Let

    def add(self, elaborator: Elaborator, item: tree.Let, sequence: Sequence, inside: bool) -> None:
        for word in item.names:
            check_name(word, "a value")
        value = elaborator.evaluate(item.value, sequence.scope, sequence.x)
        elaborator.budget.step(item.span, copying(sequence.scope))
        if len(item.names) == 1 and isinstance(value, Expr):
            elaborator.lets.append((item.names[0].text, value))
        sequence.scope = sequence.scope.bind(**unpack(item.names, value, item.value.span))
