"""Every mistake in a spec: all its variants are built, and all it expects is held against them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from archdsl.analysis.cost import Costs, check_parameters
from archdsl.analysis.expectations import expectations, failures
from archdsl.backends.torch import source as written_source
from archdsl.diagnostics import ArchError, Diagnostic, Source
from archdsl.elaborate.architecture import elaborate
from archdsl.elaborate.budget import Altogether, Budget
from archdsl.elaborate.in_text import mistakes_in_text
from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Architecture
from archdsl.limits import USUAL, Limits
from archdsl.lints import look_over
from archdsl.opening.imports import read_program
from archdsl.opening.library import find_all
from archdsl.opening.reading import NoRegularFile
from archdsl.reading import NotAFile
from archdsl.record import record
from archdsl.syntax import parse
from archdsl.trying import Found, Stage, offer


@record
class Report:
    """What was found in a spec, and how much was looked at."""

    diagnostics: tuple[Diagnostic, ...]
    variants: int = 0
    """How many were built that have a name."""
    held: int = 0
    """How many expectations were held against what was built."""
    blocks: int | None = None
    """The number of blocks of a file that has only those."""
    by_itself: frozenset[tuple[str, str]] = frozenset()
    """Codes and places of what the text shows by itself, whatever is built of it."""
    stage: Stage = "built"
    """How far the text got."""

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What is wrong; a warning is not."""
        return tuple(each for each in self.diagnostics if each.severity == "error")

    @property
    def summary(self) -> str:
        """In a few words what was looked at."""
        if self.blocks is not None:
            return f"a library of {_counted(self.blocks, 'block')}"
        parts = [_counted(self.variants, "variant")] if self.variants else []
        parts += [f"{_counted(self.held, 'expectation')} held"] if self.held else []
        return ", ".join(parts) or "no expectations"


def check(name_or_path: str | Path, limits: Limits = USUAL, variant: str | None = None) -> Iterator[tuple[str, Report]]:
    """Check a spec with all its variants, or the one that is asked for or that the name means; of a folder every spec.

    Gives each spec's name with its report. Raises OSError for what can't be read.
    """
    try:
        specs = find_all(name_or_path)
    except ArchError as error:
        yield str(name_or_path), Report(error.diagnostics)
        return
    except NotAFile:
        yield str(name_or_path), Report((_no_file(str(name_or_path)),))
        return
    for spec in specs:
        # What comes with archdsl goes by the name it was asked for, which may be a variant's.
        name = str(spec.path if spec.title is None else name_or_path)
        try:
            source = spec.read(limits)
        except ArchError as error:
            yield name, Report(error.diagnostics)
        except NotAFile:
            yield name, Report((_no_file(name),))
        else:
            yield name, check_text(source, spec.folder, limits, spec.variant if variant is None else variant)


def check_text(source: Source, folder: Path | None, limits: Limits = USUAL, only: str | None = None) -> Report:
    """Check the text of a spec that lies in a folder; what mends a mistake is offered once it was tried.

    Raises OSError for what can't be read.
    """
    report = _checked(source, folder, limits, only)
    if any(each.remedies for each in report.diagnostics):

        def found(report: Report) -> Found:
            return Found(report.diagnostics, report.by_itself, report.stage, report.variants)

        offer(source, found(report), lambda mended: found(_checked(mended, folder, limits, only)))
    return report


def _checked(source: Source, folder: Path | None, limits: Limits, only: str | None) -> Report:
    try:
        return check_program(read_program(source, folder, limits), only)
    except ArchError as error:
        found = error.diagnostics
    try:
        parse(source, limits)
    except ArchError:
        return Report(found, stage="text")
    return Report(found, stage="items")


def check_program(program: Program, only: str | None = None) -> Report:
    """Check a spec that was read; one mistake that shows in several variants is reported once.

    Raises ArchError for a variant that isn't there.
    """
    if only is not None:
        program.variant(only)
    if program.is_library:
        wrong = list(mistakes_in_text(program))
        return Report(
            (*program.file.warnings, *(wrong or look_over(program, ()))),
            blocks=len(program.blocks),
            by_itself=frozenset((each.code, repr(each.at)) for each in wrong),
        )
    variants: list[str | None] = [only] if only is not None else [*program.variants] or [None]
    found: dict[tuple[str, str, str], Diagnostic] = {}
    held = 0
    networks: list[Architecture] = []
    altogether = Altogether(program.limits)
    for variant in variants:
        diagnostics, full = _variant(program, variant, networks, altogether)
        for diagnostic in diagnostics:
            found.setdefault((diagnostic.code, repr(diagnostic.at), diagnostic.message), diagnostic)
        if full:
            break
        held += len(expectations(program, variant))
    told = {(each.code, repr(each.at)) for each in found.values()}
    by_itself: set[tuple[str, str]] = set()
    for diagnostic in mistakes_in_text(program):
        by_itself.add((diagnostic.code, repr(diagnostic.at)))
        if (diagnostic.code, repr(diagnostic.at)) not in told:
            found[diagnostic.code, repr(diagnostic.at), diagnostic.message] = diagnostic
    warnings = () if found else look_over(program, networks)
    for warning in warnings:
        found[warning.code, repr(warning.at), warning.message] = warning
    ordered = sorted((*program.file.warnings, *found.values()), key=lambda each: each.sort_key)
    return Report(tuple(ordered), len(variants) if program.variants else 0, held, None, frozenset(by_itself))


def total(reports: Sequence[Report]) -> str:
    """One line for many specs: how many are right, what was looked at in those, and how many are not."""
    right = [report for report in reports if not report.errors]
    looked_at = Report((), sum(report.variants for report in right), sum(report.held for report in right))
    line = f"{_counted(len(right), 'spec')} ok ({looked_at.summary})"
    wrong = len(reports) - len(right)
    return f"{line}, {wrong} with mistakes" if wrong else line


def _no_file(name: str) -> NoRegularFile:
    return NoRegularFile(None, f"`{name}` is no regular file, and is not opened")


def _variant(
    program: Program, variant: str | None, networks: list[Architecture], altogether: Altogether
) -> tuple[tuple[Diagnostic, ...], bool]:
    """What is wrong with a variant, and whether that is all that will be looked at.

    Its network joins the others if it can be built.
    """
    found: tuple[Diagnostic, ...]
    budget, costs = Budget(program.limits), Costs()
    try:
        architecture = elaborate(program, variant, budget=budget)
        check_parameters(architecture, costs, program.limits)
        found = tuple(failures(program, architecture, costs, budget))
        # What passes compiles: the source is written and read back, and nobody is told later that it can't be.
        written_source(program, architecture)
        networks.append(architecture)
    except ArchError as error:
        found = error.diagnostics
    try:
        altogether.add(budget, program.variants[variant].span if variant else None)
    except ArchError as error:
        return (*found, *error.diagnostics), True
    return found, False


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
