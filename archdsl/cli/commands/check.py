"""`archdsl check`: every mistake in specs, and every figure they promise."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from archdsl.cli.limiting import limit_option

if TYPE_CHECKING:
    from archdsl.checking import Report
    from archdsl.diagnostics import Diagnostic
    from archdsl.limits import Limits


@click.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: one diagnostic a line, on stdout.",
)
@limit_option
def command(specs: tuple[str, ...], output_format: str, limits: Limits) -> int:
    """Find every mistake in specs.

    Every variant is built, every shape inferred, and every `expect` held against the result. A folder stands for
    every `.arch` file below it.
    """
    from archdsl.checking import check, total
    from archdsl.diagnostics import to_json

    reports: list[Report] = []
    try:
        for spec in specs:
            for name, report in check(spec, limits):
                reports.append(report)
                if output_format == "text" and not report.errors:
                    print(f"{name}: ok ({report.summary})", flush=True)
    finally:
        # A file that can't be read ends the run, but what was found up to there is said.
        found = [diagnostic for report in reports for diagnostic in report.diagnostics]
        if output_format == "json":
            for diagnostic in found:
                print(to_json(diagnostic))
        elif found:
            _show(found)
    if output_format == "text" and len(reports) > 1:
        print(total(reports))
    return 1 if any(diagnostic.severity == "error" for diagnostic in found) else 0


def _show(found: list[Diagnostic]) -> None:
    from archdsl.cli.terminal import wants_color
    from archdsl.diagnostics import render_all

    print(render_all(found, wants_color(sys.stderr)), file=sys.stderr)
