"""`archdsl compile`: the source of a network as an `nn.Module`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from archdsl.cli.opening import network_arguments, open_network
from archdsl.cli.writing import force_option
from archdsl.cli.writing import output as place

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
@force_option
def command(
    spec: str, variant: str | None, settings: dict[str, str], limits: Limits, output: Path | None, force: bool
) -> None:
    """Print the PyTorch source of a network.

    It imports torch and nothing of ours. A file that is there is replaced only if archdsl wrote it and nobody
    changed it since.
    """
    network = open_network(spec, variant, settings, limits=limits)
    if output is None:
        print(network.source(), end="")
    else:
        place(output, "python", force, network.program).write(network.source())
