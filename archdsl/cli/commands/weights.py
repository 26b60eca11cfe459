"""`archdsl weights`: what is in a file of weights, and what of it goes where."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archdsl.cli.needing import NeedingCommand, weights_need
from archdsl.cli.opening import network_arguments, open_network
from archdsl.cli.weighing import fitting_options, preprocessing_options
from archdsl.cli.writing import force_option
from archdsl.cli.writing import output as place

if TYPE_CHECKING:
    from archdsl.limits import Limits


@click.group()
def command() -> None:
    """Show files of weights, and fit them to networks.

    WEIGHTS are a file of safetensors or of `torch.save`, of which no code is ever run, or `torchvision:` and a name
    of its published weights, as torchvision:ResNet50_Weights.IMAGENET1K_V2.
    """


@command.command("show", cls=NeedingCommand, needs=weights_need)
@click.argument("weights", metavar="WEIGHTS")
def show(weights: str) -> None:
    """List the tensors of a file, and what else it says."""
    from archdsl.diagnostics.columns import safe
    from archdsl.network import weights_of
    from archdsl.weights.report import aligned, sizes

    held = weights_of(weights)
    rows: list[tuple[str, ...]] = [("tensor", "shape", "type")]
    rows += [
        (name, sizes(tuple(each.shape)), str(each.dtype).removeprefix("torch.")) for name, each in held.tensors.items()
    ]
    print(aligned(rows))
    numbers = sum(each.numel() for each in held.tensors.values())
    size = sum(each.numel() * each.element_size() for each in held.tensors.values())
    print(f"\n{len(held.tensors)} tensors, {numbers:,} numbers, {size:,} bytes")
    if held.inside is not None:
        print(f"they are under `{safe(held.inside)}` in the file")
    if held.preprocessing is not None:
        print(f"pre-processing: {held.preprocessing.describe()}")
    if held.classes:
        print(f"classes: {len(held.classes)}, from {safe(held.classes[0])} to {safe(held.classes[-1])}")
    for key, text in sorted(held.metadata.items()):
        first, *more = text.splitlines() or [""]
        print(f"{safe(key)}: {safe(first[:80])}{' …' if more or len(first) > 80 else ''}")


@command.command("fit", cls=NeedingCommand, needs=weights_need)
@network_arguments
@click.argument("weights", metavar="WEIGHTS")
@fitting_options
@preprocessing_options
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    metavar="FILE.safetensors",
    help="Write the network's weights, with its spec and the pre-processing.",
)
@force_option
def fit(
    spec: str,
    variant: str | None,
    settings: dict[str, str],
    limits: Limits,
    weights: str,
    new: tuple[str, ...],
    drop: tuple[str, ...],
    any_network: bool,
    output: Path | None,
    force: bool,
    **preprocessing: Any,
) -> None:
    """Show what of a file goes where in a network.

    Names decide; where no tensor of a part has its name, structure and shapes do. Exit with 1, and write nothing, if
    anything is missing, left over or of another shape.
    """
    from archdsl.cli.weighing import load_into, said
    from archdsl.network import weights_of
    from archdsl.weights.report import fit_text

    network = open_network(spec, variant, settings, limits=limits)
    target = None if output is None else place(output, "safetensors", force, network.program, weights)
    held = weights_of(weights, network.variant)
    print(fit_text(network.fit(held, new=new, drop=drop)), flush=True)
    loaded = load_into(network, held, new, drop, any_network, quiet=True)
    if target is not None:
        told = None if loaded.preprocessing is None else said(loaded.preprocessing, **preprocessing)
        if told is None and any(value is not None for value in preprocessing.values()):
            raise click.UsageError(f"images have a pre-processing, and the network takes {network.architecture.input}")
        kept = None if told is None or told.assumed else told
        network.save(target, loaded.module, preprocessing=kept, classes=() if new else loaded.classes)


@command.command("spec", cls=NeedingCommand, needs=weights_need)
@click.argument("weights", metavar="WEIGHTS")
def spec(weights: str) -> None:
    """Print the spec that a file carries.

    Files that archdsl writes carry theirs, with the variant and all parameters.
    """
    import sys

    from archdsl.diagnostics.columns import safe
    from archdsl.network import weights_of
    from archdsl.opening.origin import Origin

    held = weights_of(weights)
    origin = Origin.from_metadata(held.metadata, held.name)
    settings = "".join(f" --set {name}={value}" for name, value in origin.parameters.items())
    variant = f" --variant {origin.variant}" if origin.variant else ""
    print(safe(f"note: {origin.name}{variant}{settings}, input {origin.input}"), file=sys.stderr)
    for path in origin.imports:
        print(safe(f"note: it brings blocks from {path}, which the file carries as well"), file=sys.stderr)
    print(origin.spec, end="" if origin.spec.endswith("\n") else "\n")
