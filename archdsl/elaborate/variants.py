"""The table of variants: a row of parameter values, expectations and reported figures for each name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Proposal, Span, proposal
from archdsl.elaborate.rows import RaggedTable
from archdsl.limits import USUAL, Limits
from archdsl.syntax import tree


class UnknownVariantColumn(Diagnostic):
    """A column of `variants` that is neither `name`, a parameter, an expectation nor a reported figure."""

    code = "unknown-variant-column"
    bad = "arch net(width = 8)\ninput 3x8x8\nconv3-{width}\nvariants\n| name | widht |\n| small | 4 |\n"
    mended = "arch net(width = 8)\ninput 3x8x8\nconv3-{width}\nvariants\n| name | width |\n| small | 4 |\n"


class BadVariant(Diagnostic):
    """A row of `variants` without a name or with the name of another row, or a second column of the same heading."""

    code = "bad-variant"
    bad = "arch net(width = 8)\ninput 3x8x8\nconv3-{width}\nvariants\n| name | width |\n| a | 4 |\n| a | 8 |\n"
    mended = "arch net(width = 8)\ninput 3x8x8\nconv3-{width}\nvariants\n| name | width |\n| a | 4 |\n| b | 8 |\n"


class BadReport(Diagnostic):
    """A cell of a `report` column that is neither a number nor a string."""

    code = "bad-report"
    bad = "arch net\ninput 3x8x8\nconv3-8\nvariants\n| name | report top1 |\n| net | 60 + 9.8 |\n"
    mended = "arch net\ninput 3x8x8\nconv3-8\nvariants\n| name | report top1 |\n| net | 69.8 |\n"


class TooManyVariants(Diagnostic):
    """A table of more variants than anybody builds at once."""

    code = "too-many-variants"
    bad = "arch net(width = 8)\ninput 3x8x8\nconv3-{width}\nvariants\n| name | width |\n" + "".join(
        f"| net{width} | {width} |\n" for width in range(1, USUAL.variants + 2)
    )
    mended = "arch net(width = 8)\ninput 3x8x8\nconv3-{width}\nvariants\n| name | width |\n| net4 | 4 |\n"


@dataclass(frozen=True, eq=False)
class Expectation:
    """A figure that a spec promises: `expect params == 25_557_032`, or a cell of an `expect` column."""

    metric: str
    argument: str | None
    op: str
    value: tree.Expression
    span: Span


Reported: TypeAlias = "int | float | str"
"""A cell of a `report` column, as it is written: `69.758`, or `"IMAGENET1K_V1"`."""

_EXPECT, _REPORT = "expect ", "report "


@dataclass(frozen=True, eq=False)
class Variant:
    """One row: a name, values for parameters, figures to be equal to, and figures that nothing here can check."""

    name: str
    values: dict[str, tree.Expression]
    expects: tuple[Expectation, ...]
    reports: dict[str, Reported]
    span: Span


def read_variants(table: tree.Variants | None, arch: tree.Arch | None, limits: Limits) -> dict[str, Variant]:
    """The rows by name. Raises ArchError for columns and rows that say nothing."""
    if table is None:
        return {}
    if len(table.rows) > limits.variants:
        raise ArchError(
            TooManyVariants(
                table.rows[limits.variants].span,
                f"this table has {len(table.rows)} rows, more than {limits.variants}",
                "one too many",
                helps=[limits.help("variants")],
            )
        )
    parameters = {each.name.text for each in arch.parameters} if arch else set()
    columns = [word.text for word in table.header]
    seen: set[str] = set()
    for word in table.header:
        text = word.text
        if text in seen:
            raise ArchError(
                BadVariant(word.span, f"two columns are headed `{text}`", "the second", helps=["leave one of them out"])
            )
        seen.add(text)
        if text != "name" and text not in parameters and not text.startswith((_EXPECT, _REPORT)):
            raise ArchError(
                UnknownVariantColumn(
                    word.span,
                    f"`{text}` is no parameter of the architecture",
                    "heads this column",
                    **_heading(word, parameters),
                )
            )
    if "name" not in columns:
        raise ArchError(
            BadVariant(
                table.header[0].span,
                "the variants have no names",
                "no column is headed `name`",
                helps=["head the column of their names `name`"],
            )
        )
    found: dict[str, Variant] = {}
    for row in table.rows:
        if all(isinstance(cell, tree.Empty) for cell in row.cells):
            continue
        variant = _row(row, columns)
        if variant.name in found:
            raise ArchError(
                BadVariant(
                    row.cells[columns.index("name")].span,
                    f"there are two variants `{variant.name}`",
                    "the second",
                    helps=["give each its own name"],
                )
            )
        found[variant.name] = variant
    return found


def _heading(word: tree.Word, parameters: set[str]) -> Proposal:
    """What a heading was meant for: a parameter with a similar name, or a figure that is expected."""
    if word.text in ("params", "macs", "output", "smallest_input"):
        return {
            "helps": [f"a figure that is to come out is headed `expect {word.text}`"],
            "fixes": [Edit(word.span, f"expect {word.text}")],
        }
    meant = proposal(word.span, word.text, {*parameters, "name"}, "a parameter")
    meant["helps"] = meant["helps"] or [f"a figure that others reported is headed `report {word.text}`"]
    return meant


def _row(row: tree.Row, columns: list[str]) -> Variant:
    if len(row.cells) != len(columns):
        raise ArchError(
            RaggedTable(
                row.span,
                f"this row has {len(row.cells)} cells, the table {len(columns)} columns",
                "one cell for each column",
                helps=["put a dash into a cell for the default"]
                if len(row.cells) < len(columns)
                else ["leave the last cells out, or add a column to the header"],
            )
        )
    cells = dict(zip(columns, row.cells, strict=True))
    name = cells["name"]
    if not isinstance(name, (tree.Name, tree.Literal)) or (
        isinstance(name, tree.Literal) and not isinstance(name.value, str)
    ):
        raise ArchError(
            BadVariant(
                name.span if name.span.text else row.span,
                "a variant needs a name",
                "a word or a string",
                helps=["a name with other signs than letters, digits and underscores stands in quotes"],
            )
        )
    filled = {column: cell for column, cell in cells.items() if not isinstance(cell, tree.Empty)}
    return Variant(
        name=name.text if isinstance(name, tree.Name) else str(name.value),
        values={
            column: cell
            for column, cell in filled.items()
            if column != "name" and not column.startswith((_EXPECT, _REPORT))
        },
        expects=tuple(
            Expectation(column.removeprefix(_EXPECT), None, "==", cell, cell.span)
            for column, cell in filled.items()
            if column.startswith(_EXPECT)
        ),
        reports={
            column.removeprefix(_REPORT): _reported(column, cell)
            for column, cell in filled.items()
            if column.startswith(_REPORT)
        },
        span=row.span,
    )


def _reported(column: str, cell: tree.Expression) -> Reported:
    if not isinstance(cell, tree.Literal) or isinstance(cell.value, bool):
        raise ArchError(
            BadReport(
                cell.span,
                f"`{column}` is a number or a string",
                "what others reported is written down, not worked out",
                helps=[f'put it in quotes: `"{cell.span.text}"`']
                if isinstance(cell, tree.Name)
                else ["write the number down as it was reported"],
                fixes=[Edit(cell.span, f'"{cell.span.text}"', True)] if isinstance(cell, tree.Name) else [],
            )
        )
    return cell.value
