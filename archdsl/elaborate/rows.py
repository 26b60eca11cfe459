"""Rows of tables, whatever the tables are of."""

from __future__ import annotations

from archdsl.diagnostics import Diagnostic


class RaggedTable(Diagnostic):
    """A row with another number of cells than the table has columns, often for want of its last bar."""

    code = "ragged-table"
    bad = 'arch net(config = "A")\ninput 3x8x8\ntable config\n| A | B |\n| conv3-4 | conv3-8 | relu |\n'
    mended = 'arch net(config = "A")\ninput 3x8x8\ntable config\n| A | B |\n| conv3-4 | conv3-8 relu |\n'
