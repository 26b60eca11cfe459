"""Every mistake in a spec: all its variants are built, and all it expects is held against them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archdsl.analysis.expectations import expectations, failures
from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.elaborate.program import Program, elaborate
from archdsl.opening.imports import read_program
from archdsl.opening.library import find


@dataclass(frozen=True)
class Report:
    """What was found in a spec, and in a few words what was looked at."""

    diagnostics: tuple[Diagnostic, ...]
    summary: str


def check(name_or_path: str | Path) -> Report:
    """Check a spec with all its variants, or the one that the name means. Raises OSError for an unreadable file."""
    try:
        spec = find(name_or_path)
        program = read_program(spec.read(), spec.folder)
    except ArchError as error:
        return Report(error.diagnostics, "")
    return check_program(program, spec.variant)


def check_program(program: Program, only: str | None = None) -> Report:
    """Check a spec that was read; one mistake that shows in several variants is reported once."""
    if program.is_library:
        return Report(program.file.warnings, f"a library of {_counted(len(program.blocks), 'block')}")
    variants: list[str | None] = [only] if only else [*program.variants] or [None]
    found: dict[tuple[str, str, str], Diagnostic] = {}
    held = 0
    for variant in variants:
        for diagnostic in _variant(program, variant):
            found.setdefault((diagnostic.code, repr(diagnostic.at), diagnostic.message), diagnostic)
        held += len(expectations(program, variant))
    parts = [_counted(len(variants), "variant")] if program.variants else []
    if held:
        parts.append(f"{_counted(held, 'expectation')} held")
    return Report((*program.file.warnings, *found.values()), ", ".join(parts) or "no expectations")


def _variant(program: Program, variant: str | None) -> tuple[Diagnostic, ...]:
    try:
        return tuple(failures(program, elaborate(program, variant)))
    except ArchError as error:
        return error.diagnostics


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
