"""`archdsl shapes`: every layer with its output, parameters and MACs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archdsl.cli.opening import network_arguments, open_network

if TYPE_CHECKING:
    from archdsl.analysis.memory import Dtype
    from archdsl.limits import Limits


@click.command()
@network_arguments
@click.option("--input", metavar="SIZES", help="Another input, channels first: 3x64x64, or 3xHxW for formulas.")
@click.option("--depth", type=click.IntRange(min=1), metavar="N", help="Leave out what is nested deeper than N levels.")
@click.option("--explain", is_flag=True, help="Below each layer, the arithmetic of its sizes (in the table).")
@click.option(
    "--receptive-field",
    is_flag=True,
    help="What a place of each output sees of the input: size, stride, and offset of the first pixel.",
)
@click.option("--batch", type=click.IntRange(min=1), metavar="N", help="Memory of so many samples, below the table.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float16", "bfloat16", "float64"]),
    help="Memory of tensors of this type; float32 if only --batch is given.",
)
@click.option(
    "--format", "format_", type=click.Choice(["table", "json", "csv", "markdown"]), default="table", show_default=True
)
def command(
    spec: str,
    variant: str | None,
    settings: dict[str, str],
    limits: Limits,
    input: str | None,
    depth: int | None,
    explain: bool,
    receptive_field: bool,
    batch: int | None,
    dtype: Dtype | None,
    format_: str,
) -> None:
    """Show the output and cost of every layer.

    Equal layers in a row are one line with a count, whose parameters and MACs are those of all copies; the
    lines below it are of one copy. 1 MAC = 2 FLOPs. CSV has the layers alone, without totals or memory.
    """
    network = open_network(spec, variant, settings, input, limits)
    memory = network.memory(batch or 1, dtype or "float32") if batch or dtype else None
    shapes = network.shapes(depth, receptive_field, memory)
    formats = {"json": shapes.to_json, "csv": shapes.to_csv, "markdown": shapes.to_markdown}
    print(formats[format_]() if format_ in formats else shapes.to_text(explain))
