"""`archdsl export`: a network with its weights, as a file that other programs run."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archdsl.cli.needing import NeedingCommand, seeing_needs
from archdsl.cli.opening import network_arguments
from archdsl.cli.seeing import open_weighed, sized
from archdsl.cli.weighing import fitting_options
from archdsl.cli.writing import force_option
from archdsl.cli.writing import output as place
from archdsl.diagnostics.missing import EXTRAS

if TYPE_CHECKING:
    from archdsl.limits import Limits


def _needs(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """An ONNX file is written and run by more than torch."""
    more = EXTRAS["export"] if arguments["output"].suffix == ".onnx" else ()
    return (*seeing_needs(arguments), *more)


@click.command(cls=NeedingCommand, needs=_needs)
@network_arguments
@click.option("--weights", metavar="WEIGHTS", help="A file, or torchvision: and a name; needless for a RUN.")
@click.option("--input", metavar="SIZES", help="Another input, channels first: 3x64x64.")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE",
    required=True,
    help="Where: .onnx, or .pt2 for PyTorch.",
)
@click.option(
    "--optimize",
    is_flag=True,
    help="Fold batch norms, go channels-last, and make machine code of a .pt2 where there is a C++ compiler.",
)
@force_option
@fitting_options
def command(
    spec: str,
    variant: str | None,
    settings: dict[str, str],
    limits: Limits,
    weights: str | None,
    input: str | None,
    output: Path,
    optimize: bool,
    force: bool,
    new: tuple[str, ...],
    drop: tuple[str, ...],
    any_network: bool,
) -> None:
    """Write a network with its weights for other programs.

    What is written takes batches of any number. The file is read again and run, by ONNX Runtime or PyTorch, and is only
    put in its place if its outputs are the network's. In place of a SPEC the folder of a training may be given, whose
    weights are then taken.
    """
    from archdsl.cli.weighing import load_into

    opened = open_weighed(spec, variant, settings, limits, weights, input)
    if output.suffix not in (".onnx", ".pt2"):
        raise click.UsageError(f"an export ends in .onnx or .pt2, got `{output.name}`")

    from archdsl.runtime.exporting import FORMS, export
    from archdsl.runtime.weights.loading import preprocessing_of

    target = place(output, FORMS[output.suffix], force, opened.network.program, weights)
    network, held = opened.network, opened.read()
    shown = preprocessing_of(network.architecture, held)
    if shown is not None:
        height, width = network.input[1:]
        if input is None and not shown.assumed:
            network = sized(network, shown)
        elif isinstance(height, int) and isinstance(width, int):
            # Where another input is asked for, it is what images become.
            shown = shown.at((height, width))
    sizes = tuple(size for size in network.input if isinstance(size, int))
    if len(sizes) != len(network.input):
        raise click.UsageError("an export needs the sizes of its input in numbers: `--input`")
    loaded = load_into(network, held, new, drop, any_network)
    if shown is not None:
        print(f"note: images go through this first: {shown.describe()}", file=sys.stderr)
    done = export(loaded.module, sizes, target, optimize, shown)
    for remark in done.remarks:
        print(f"note: {remark}", file=sys.stderr)
    print(
        f"{output}: {done.form}, {output.stat().st_size:,} bytes, outputs within {done.difference:.0e} of the network's"
    )
