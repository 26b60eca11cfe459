"""`archdsl evaluate`: how good a trained network is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archdsl.cli.needing import TRAIN, NeedingCommand

if TYPE_CHECKING:
    from archdsl.train.evaluation import PartName


@click.command(cls=NeedingCommand, needs=lambda arguments: TRAIN)
@click.argument("run", metavar="RUN", type=click.Path(path_type=Path))
@click.option("--data", metavar="DATA", help="Other data than the network was trained on: a name, or `folder:PATH`.")
@click.option(
    "--data-dir", type=click.Path(path_type=Path), metavar="DIR", help="Where data sets lie, in torchvision's layout."
)
@click.option("--download", is_flag=True, help="Fetch the data set where it isn't there.")
@click.option(
    "--part",
    type=click.Choice(["test", "validation", "train"]),
    default="test",
    show_default=True,
    help="Which images; those held out are the same as in the training.",
)
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(run: Path, data: str | None, data_dir: Path | None, download: bool, part: PartName, format_: str) -> None:
    """Judge the network that a training left in the folder RUN.

    Its weights are those that were tested, or the best so far of a training that isn't finished. In JSON the
    accuracy is a fraction.
    """
    from archdsl.recipes.datasets import data_set
    from archdsl.recipes.run_folder import open_run

    recipe = open_run(run).recipe
    chosen = data_set(data or recipe.data, data_dir or recipe.data_dir, download)
    from archdsl.train.evaluation import evaluate, open_trained

    found = evaluate(open_trained(run), chosen, part)
    if format_ == "json":
        print(json.dumps(found))
        return
    accuracy = f"accuracy {100 * found['accuracy']:.2f} %, loss {found['loss']:.4f}"
    print(f"{found['data']}, {found['part']}: {accuracy}, {found['images']:,} images")
