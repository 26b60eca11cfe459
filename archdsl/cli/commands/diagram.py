"""`archdsl diagram`: a picture of a network."""

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
    metavar="FILE.svg",
    required=True,
    help="Where: .svg, .png, .pdf or .dot.",
)
@force_option
@click.option(
    "--depth", type=click.IntRange(min=0), metavar="N", help="Open N levels of blocks; by default what stays readable."
)
@click.option(
    "--direction", type=click.Choice(["TB", "LR"]), default="TB", show_default=True, help="Downwards or to the right."
)
@click.option(
    "--fold/--no-fold",
    default=True,
    show_default=True,
    help="Draw a normalization, activation or dropout in the box of the layer before it, or in one of its own.",
)
def command(
    spec: str,
    variant: str | None,
    settings: dict[str, str],
    limits: Limits,
    output: Path,
    force: bool,
    depth: int | None,
    direction: str,
    fold: bool,
) -> None:
    """Draw a network.

    Layers and skips are drawn, repeats once with their count.
    """
    from archdsl.backends.graphviz import form_of

    network = open_network(spec, variant, settings, limits=limits)
    target = place(output, form_of(output), force, network.program)
    network.diagram(target, depth=depth, direction=direction, fold=fold)
