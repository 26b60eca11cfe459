"""`archdsl export`: a network with its weights, as a file that other programs run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archdsl.cli.opening import network_arguments
from archdsl.cli.seeing import open_weighed, sized
from archdsl.cli.weighing import fitting_options

if TYPE_CHECKING:
    from archdsl.limits import Limits


@click.command()
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

    from archdsl.runtime.exporting import export
    from archdsl.runtime.weights.loading import preprocessing_of

    network, held = opened.network, opened.read()
    shown = preprocessing_of(network.architecture, held)
    if shown is not None:
        # Another input than the weights want is what the images become, and else their size is the input.
        height, width = network.input[1:]
        if input is not None and isinstance(height, int) and isinstance(width, int):
            shown = shown.at((height, width))
        network = sized(network, shown)
    sizes = tuple(size for size in network.input if isinstance(size, int))
    if len(sizes) != len(network.input):
        raise click.UsageError("an export needs the sizes of its input in numbers: `--input`")
    loaded = load_into(network, held, new, drop, any_network)
    if shown is not None:
        print(f"note: images go through this first: {shown.describe()}", file=sys.stderr)
    done = export(loaded.module, sizes, output, optimize, shown)
    for remark in done.remarks:
        print(f"note: {remark}", file=sys.stderr)
    print(
        f"{output}: {done.form}, {output.stat().st_size:,} bytes, outputs within {done.difference:.0e} of the network's"
    )
