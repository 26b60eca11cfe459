"""The paper's table: the cells of one column, as groups."""

from __future__ import annotations

from archdsl.diagnostics import ArchError, Diagnostic, similar_help
from archdsl.elaborate.elaborator import BodyKind, Elaborator, StatementKind
from archdsl.elaborate.rows import RaggedTable
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.nodes import Name
from archdsl.ir.values import Scope, describe
from archdsl.symbolic import Expr, NeedsValue
from archdsl.syntax import tree


class UnknownColumn(Diagnostic):
    """A table has no column of the name that is asked for."""

    code = "unknown-column"
    bad = 'arch net(config = "C")\ninput 3x8x8\ntable config\n| A | B |\n| conv3-4 | conv3-8 |\n'
    mended = 'arch net(config = "B")\ninput 3x8x8\ntable config\n| A | B |\n| conv3-4 | conv3-8 |\n'


def pick_column(elaborator: Elaborator, table: tree.Table, scope: Scope) -> list[tree.Group]:
    """The cells of the column that the parameter (or the variant) names, from top to bottom."""
    names = [word.text for word in table.header]
    for row in table.rows:
        if len(row.cells) not in (1, len(names)):
            raise ArchError(
                RaggedTable(
                    row.span,
                    f"this row has {len(row.cells)} cells, the table {len(names)} columns",
                    "one cell for each column, or one for all",
                    helps=["end every row with a bar on its own line"],
                )
            )
    if table.column is None:
        wanted, place = elaborator.variant or names[0], table.span
    else:
        value = elaborator.evaluate(tree.Name(table.column.span, table.column), scope)
        if isinstance(value, Expr):
            raise NeedsValue(value)
        if not isinstance(value, (str, int)) or isinstance(value, bool):
            raise ArchError(
                UnknownColumn(table.column.span, f"`{table.column.text}` is {describe(value)}, which heads no column")
            )
        wanted, place = str(value), table.column.span
    if wanted not in names:
        raise ArchError(
            UnknownColumn(
                place,
                f"the table has no column `{wanted}`",
                f"the columns are {', '.join(names)}",
                helps=similar_help(wanted, names, "a column", place)
                or ([f"give `{table.column.text}` one of these values"] if table.column else []),
            )
        )
    position = names.index(wanted)
    cells = (row.cells[0] if len(row.cells) == 1 else row.cells[position] for row in table.rows)
    return [cell for cell in cells if isinstance(cell, tree.Group)]


class TableStatement(StatementKind[tree.LabelledTable]):
    """The cells of one column in order, spliced, or under a label in one container."""

    of = tree.LabelledTable

    def add(self, elaborator: Elaborator, item: tree.LabelledTable, sequence: Sequence, inside: bool) -> None:
        label = elaborator.label(item.label, sequence)
        groups = pick_column(elaborator, item.body, sequence.scope)

        def add(inner: Sequence) -> None:
            for group in groups:
                elaborator.statements(group.items, inner)

        before = len(sequence.members)
        elaborator.container_or_splice(label, item.body, sequence, add)
        if label is not None:
            elaborator.make_reachable(label, sequence, sequence.members[before], item)


class TableBody(BodyKind[tree.Table]):
    """What is in a table, where a class of its own is built of it."""

    of = tree.Table

    def add(
        self, elaborator: Elaborator, node: tree.Table, sequence: Sequence, label: Name | None, nested: bool
    ) -> None:
        for group in pick_column(elaborator, node, sequence.scope):
            elaborator.statements(group.items, sequence)

    def rebuild(self, elaborator: Elaborator, node: tree.Table, sequence: Sequence, inside: bool) -> None:
        self.add(elaborator, node, sequence, None, False)
