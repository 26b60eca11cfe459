"""`archdsl check`: every mistake in specs, and every figure they promise."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archdsl.cli.limiting import limit_option

if TYPE_CHECKING:
    from collections.abc import Sequence

    from archdsl.checking import Report
    from archdsl.diagnostics import Diagnostic
    from archdsl.limits import Limits


@click.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option(
    "--output-format",
    type=click.Choice(["text", "json", "github", "sarif"]),
    default="text",
    show_default=True,
    help="On stdout, json: one diagnostic a line; github: annotations of GitHub Actions; sarif: one SARIF 2.1.0 log.",
)
@click.option("--variant", metavar="NAME", help="Check this variant alone.")
@click.option("--fix", is_flag=True, help="Make the fixes that are safe in the files that are named, then check.")
@click.option("--warnings-as-errors", is_flag=True, help="Exit with 1 for a warning too.")
@limit_option
def command(
    specs: tuple[str, ...], variant: str | None, output_format: str, fix: bool, warnings_as_errors: bool, limits: Limits
) -> int:
    """Find every mistake in specs.

    Every variant is built, every shape inferred, and every `expect` held against the result. A folder stands for
    every `.arch` file below it. Warnings are shown and change nothing in the exit status.
    """
    from archdsl.checking import check, total

    reports: list[Report] = []
    found: list[Diagnostic] = []
    try:
        for spec in specs:
            if fix:
                _mend(spec, sys.stdout if output_format == "text" else sys.stderr, limits)
            for name, report in check(spec, limits, variant):
                reports.append(report)
                found += report.diagnostics
                if output_format == "text" and not report.errors:
                    print(f"{name}: ok ({report.summary})", flush=True)
    finally:
        # A file that can't be read ends the run, but what was found up to there is said.
        _show(found, output_format)
    if output_format == "text" and len(reports) > 1:
        print(total(reports))
    return 1 if any(each.severity == "error" or warnings_as_errors for each in found) else 0


def _mend(spec: str, stream: object, limits: Limits) -> None:
    """Make the safe fixes in the files that a name means, and say so. Specs that come along aren't the user's."""
    from archdsl.diagnostics import ArchError
    from archdsl.diagnostics.columns import safe
    from archdsl.fixing import mend
    from archdsl.opening.library import find_all
    from archdsl.opening.reading import read_data
    from archdsl.reading import NotAFile
    from archdsl.writing import Edited

    try:
        files = [each for each in find_all(spec) if each.title is None and each.folder is not None]
    except (ArchError, NotAFile):
        return  # The check says it.
    for each in files:
        if not each.path.is_file():
            continue  # The check says it.
        data = read_data(each.path, limits)
        if len(data) > limits.bytes:
            continue
        mended = mend(data, str(each.path), each.folder)
        if not mended.diagnostics:
            continue
        Edited(Path(each.path)).write(mended.data)
        print(f"{safe(str(each.path))}: mended {_counted(mended.diagnostics)}", file=stream)  # type: ignore[call-overload]
        for diagnostic in mended.diagnostics:
            place = f"{diagnostic.at.line}:{diagnostic.at.column} " if diagnostic.at else ""
            print(f"  {place}{diagnostic.code}: {safe(diagnostic.message)}", file=stream)  # type: ignore[call-overload]


def _counted(diagnostics: Sequence[Diagnostic]) -> str:
    return f"{len(diagnostics)} mistake{'' if len(diagnostics) == 1 else 's'}"


def _show(found: list[Diagnostic], output_format: str) -> None:
    if output_format == "sarif":
        from archdsl import __version__
        from archdsl.catalogue import kinds
        from archdsl.diagnostics.sarif import to_sarif

        print(to_sarif(found, kinds(), __version__))
    elif output_format == "github":
        from archdsl.diagnostics.github import to_github

        for diagnostic in found:
            print(to_github(diagnostic))
    elif output_format == "json":
        from archdsl.diagnostics import to_json

        for diagnostic in found:
            print(to_json(diagnostic))
    elif found:
        from archdsl.cli.terminal import wants_color
        from archdsl.diagnostics import render_all

        print(render_all(found, wants_color(sys.stderr)), file=sys.stderr)
        mendable = [each for each in found if each.fixes and all(fix.safe for fix in each.fixes)]
        if mendable:
            print(f"\n{_counted(mendable)} can be mended by `archdsl check --fix`", file=sys.stderr)
