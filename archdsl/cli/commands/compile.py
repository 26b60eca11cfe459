"""`archdsl compile`: the source of a network as an `nn.Module`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archdsl.cli.opening import network_arguments, open_network

if TYPE_CHECKING:
    from archdsl.limits import Limits


@click.command()
@network_arguments
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.py",
    help="Where to write it, in place of printing.",
)
@click.option("--force", is_flag=True, help="Replace FILE.py even if archdsl didn't write it, or it was changed since.")
def command(
    spec: str, variant: str | None, settings: dict[str, str], limits: Limits, output: Path | None, force: bool
) -> None:
    """Print the PyTorch source of a network.

    It imports torch and nothing of ours. A file that is there is replaced only if archdsl wrote it and nobody
    changed it since.
    """
    source = open_network(spec, variant, settings, limits=limits).source()
    if output is None:
        print(source, end="")
        return
    from archdsl.cli.writing import write_source

    write_source(output, source, force)
