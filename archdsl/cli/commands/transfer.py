"""`archdsl transfer`: what pre-trained weights are worth, in four settings side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from archdsl.cli.needing import TRAIN, NeedingCommand
from archdsl.cli.recipes import given
from archdsl.cli.training import begins, begun, fitting_data, say, training_arguments


@click.command(cls=NeedingCommand, needs=lambda arguments: TRAIN)
@training_arguments(resume="Go on with what was begun in a folder, without SPEC.", without=("tune",))
def command(spec: str | None, resume: Path | None, **arguments: Any) -> int:
    """Compare four ways to begin from weights.

    A network is trained from scratch, its top layer, its top three layers, and all of it. The settings are those of
    Karpathy et al. 2014, Table 3: all but the first begin from `--weights`. Each has a folder in DIR as `archdsl train`
    makes it, and the table is drawn as `transfer.png`.
    """
    from archdsl.recipes.recipe import SCRATCH
    from archdsl.recipes.run_folder import open_run

    if resume is not None:
        if spec or begins(arguments) or given(arguments):
            raise click.UsageError("what goes on has its spec and its recipe in its folder")
        folder, run = resume, open_run(resume / SCRATCH)
    else:
        if spec is None:
            raise click.UsageError("either a SPEC to train, or `--resume DIR` to go on with")
        run = begun(spec, **arguments)
        folder = run.folder
    if run.recipe.weights is None:
        raise click.UsageError("`--weights` is missing: what should be transferred?")
    data = fitting_data(run)
    from archdsl.train.transfer import CHART, table, transfer

    found = transfer(folder, run.subject, run.recipe, data, say, lambda line: say(f"\n{line}"))
    if found is None:
        say(f"stopped; `archdsl transfer --resume {folder}` goes on")
        return 130
    say(f"\n{run.subject.title} on {data.name}, {run.recipe.epochs} epochs\n")
    say(table(found))
    say(f"\nthe chart is {folder / CHART}")
    return 0
