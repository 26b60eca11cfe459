"""`archdsl transfer`: what pre-trained weights are worth, in four settings side by side."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archdsl.cli.opening import variant_options
from archdsl.cli.recipes import given, recipe_options
from archdsl.recipes.processes import is_first

if TYPE_CHECKING:
    from archdsl.limits import Limits


@click.command()
@click.argument("spec", metavar="[SPEC]", required=False)
@variant_options
@click.option("--input", metavar="SIZES", help="Another input, channels first: 3x64x64.")
@recipe_options(without=("tune",))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where all goes; by default a new folder below `runs`.",
)
@click.option(
    "--resume",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Go on with what was begun in a folder, without SPEC.",
)
def command(
    spec: str | None,
    variant: str | None,
    settings: dict[str, str],
    limits: Limits,
    input: str | None,
    recipe: Path | None,
    out: Path | None,
    resume: Path | None,
    **options: Any,
) -> int:
    """Compare four ways to begin from weights.

    A network is trained from scratch, its top layer, its top three layers, and all of it. The settings are those of
    Karpathy et al. 2014, Table 3: all but the first begin from `--weights`. Each has a folder in DIR as `archdsl train`
    makes it, and the table is drawn as `transfer.png`.
    """
    from archdsl.cli.training import begun
    from archdsl.recipes.datasets import data_set
    from archdsl.recipes.fitting import fit
    from archdsl.recipes.recipe import SCRATCH
    from archdsl.recipes.run_folder import open_run

    options["tune"] = None
    if resume is not None:
        if spec or variant or settings or input or recipe or out or given(options):
            raise click.UsageError("what goes on has its spec and its recipe in its folder")
        folder, run = resume, open_run(resume / SCRATCH)
    else:
        if spec is None:
            raise click.UsageError("either a SPEC to train, or `--resume DIR` to go on with")
        run = begun(spec, variant, settings, limits, input, recipe, given(options), out)
        folder = run.folder
    if run.recipe.weights is None:
        raise click.UsageError("`--weights` is missing: what should be transferred?")
    data = data_set(run.recipe.data, run.recipe.data_dir, run.recipe.download)
    fit(run.subject, data, run.recipe, True)
    say = print if is_first() else _nothing
    from archdsl.train.transfer import CHART, table, transfer

    found = transfer(folder, run.subject, run.recipe, data, say, lambda line: say(f"\n{line}"))
    if found is None:
        say(f"stopped; `archdsl transfer --resume {folder}` goes on")
        return 130
    say(f"\n{run.subject.title} on {data.name}, {run.recipe.epochs} epochs\n")
    say(table(found))
    say(f"\nthe chart is {folder / CHART}")
    return 0


def _nothing(text: str) -> None:
    """What other processes say."""
