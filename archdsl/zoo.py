"""The table of all networks that come with archdsl: what they cost, computed, and what others reported of them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator

from archdsl.analysis.summary import Summary
from archdsl.elaborate.architecture import elaborate
from archdsl.elaborate.variants import Reported
from archdsl.formula import sizes_text
from archdsl.opening.imports import read_program
from archdsl.opening.library import Spec, files
from archdsl.record import record
from archdsl.shape import Dim


@record
class Entry:
    """One network of the zoo."""

    family: str
    """The architecture's name."""
    name: str
    """What loads it: a variant's name, or the file's where it has no variants."""
    input: tuple[Dim, ...]
    params: Dim
    macs: Dim
    """Multiply-accumulates of one sample (1 MAC = 2 FLOPs)."""
    reports: dict[str, Reported]
    """What others measured, in the spec's `report` columns, by name."""


def entries() -> Iterator[Entry]:
    """Every variant of every spec that comes with archdsl, in the order of `archdsl list`.

    Raises ArchError for a mistake in one of them.
    """
    specs = [Spec(path, title=path.name) for path in files()]
    programs = [(spec.path, read_program(spec.read(), spec.folder)) for spec in specs]
    taken = {variant for _, program in programs for variant in program.variants}
    for path, program in programs:
        if program.is_library:
            continue
        for variant in program.variants or (None,):
            summary = Summary(elaborate(program, variant))
            yield Entry(
                family=program.name,
                name=variant or (path.name if path.stem in taken else path.stem),
                input=summary.input,
                params=summary.params,
                macs=summary.macs,
                reports=program.variants[variant].reports if variant else {},
            )


HEADER = ("family", "name", "input", "params", "MACs")


def zoo_text(found: list[Entry]) -> str:
    """An aligned table with a legend below it. Ends without a line end."""
    columns = [_aligned(column) for column in zip(*_table(found, ","), strict=True)]
    lines = ["  ".join(row).rstrip() for row in zip(*columns, strict=True)]
    legend = "1 MAC = 2 FLOPs. Parameters and MACs are computed; what stands behind them was reported by others."
    return "\n".join([*lines, "", legend])


def zoo_csv(found: list[Entry]) -> str:
    """A line a network under a line of names, as RFC 4180 has it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(_table(found, ""))
    return text.getvalue().rstrip("\n")


def zoo_markdown(found: list[Entry]) -> str:
    """A Markdown table; what would end a cell or become markup is escaped."""
    header, *rows = _table(found, ",")
    lines = [header, ["---", "---", *["--:"] * (len(header) - 2)]]
    lines += [[_escaped(cell) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def zoo_json(found: list[Entry]) -> str:
    """A list of objects: sizes are lists, counts whole numbers."""
    return json.dumps([vars(each) for each in found], ensure_ascii=False)


def _table(found: list[Entry], grouping: str) -> Iterator[list[str]]:
    """The header and a row an entry; each `report` name is a column, empty where nothing is reported."""
    names = list(dict.fromkeys(name for each in found for name in each.reports))
    yield [*HEADER, *names]
    for each in found:
        counts = [format(count, grouping) for count in (each.params, each.macs)]
        reported = [str(each.reports.get(name, "")) for name in names]
        yield [each.family, each.name, sizes_text(each.input), *counts, *reported]


def _aligned(column: tuple[str, ...]) -> list[str]:
    """A header and its cells, of one width: words on the left, numbers by their points."""
    header, *cells = (cell or "-" for cell in column)
    if any(cell.strip("0123456789,.-") for cell in cells):
        width = max(map(len, column))
        return [cell.ljust(width) for cell in (header, *cells)]
    digits = max(len(cell.partition(".")[2]) for cell in cells)
    padded = [cell + " " * (digits - len(cell.partition(".")[2]) + ("." not in cell and digits > 0)) for cell in cells]
    width = max(map(len, (header, *padded)))
    return [cell.rjust(width) for cell in (header, *padded)]


def _escaped(cell: str) -> str:
    for mark in "\\|<>*_`[]":
        cell = cell.replace(mark, f"\\{mark}")
    return cell
