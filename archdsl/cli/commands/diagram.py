"""`archdsl diagram`: a picture of a network."""

from __future__ import annotations

from pathlib import Path

import click

from archdsl.cli.opening import network_arguments, open_network


@click.command()
@network_arguments
@click.option("-o", "--output", type=click.Path(path_type=Path), metavar="FILE.svg", required=True, help="Where to write it.")
def command(spec: str, variant: str | None, settings: dict[str, str], output: Path) -> None:
    """Draw a network: its layers and skips, repeats folded."""
    from archdsl.cli.writing import write

    write(output, open_network(spec, variant, settings).diagram())
