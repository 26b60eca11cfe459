"""`archdsl check`: every mistake in specs, and every figure they promise."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from archdsl.diagnostics import Diagnostic


@click.command()
@click.argument("specs", metavar="SPEC...", nargs=-1, required=True)
@click.option(
    "--output-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="json: one diagnostic a line, on stdout.",
)
def command(specs: tuple[str, ...], output_format: str) -> int:
    """Find every mistake in specs.

    Every variant is built, every shape inferred, and every `expect` held against the result.
    """
    from archdsl.checking import check
    from archdsl.diagnostics import render_all, to_json

    found: list[Diagnostic] = []
    for spec in specs:
        report = check(spec)
        found += report.diagnostics
        if output_format == "text" and not report.diagnostics:
            print(f"{spec}: ok ({report.summary})", flush=True)
    if output_format == "json":
        for diagnostic in found:
            print(to_json(diagnostic))
    elif found:
        from archdsl.cli.terminal import wants_color

        print(render_all(found, wants_color(sys.stderr)), file=sys.stderr)
    return 1 if any(diagnostic.severity == "error" for diagnostic in found) else 0
