"""`archdsl train`: from a spec to a trained network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archdsl.cli.needing import TRAIN, NeedingCommand
from archdsl.cli.recipes import given
from archdsl.cli.training import begins, begun, fitting_data, say, training_arguments
from archdsl.diagnostics import ArchError
from archdsl.recipes.processes import is_first

if TYPE_CHECKING:
    from archdsl.recipes.run_folder import Run


@click.command(cls=NeedingCommand, needs=lambda arguments: TRAIN)
@training_arguments(resume="Go on with the training in a folder, without SPEC.")
def command(spec: str | None, resume: Path | None, **arguments: Any) -> int:
    """Train a network on images.

    Without options: ten epochs on scikit-learn's handwritten digits, which need no download. The classes and the
    input's channels are those of the data; images are resized to what the spec takes. Ctrl-C stops after the step
    that runs and keeps everything; a second one quits.
    """
    if (spec is None) == (resume is None):
        raise click.UsageError("either a SPEC to train, or `--resume DIR` to go on with")
    if resume is not None:
        if begins(arguments):
            raise click.UsageError("a training that goes on has its spec and its recipe in its folder")
        run = _resumed(resume, given(arguments))
    else:
        assert spec is not None
        run = begun(spec, **arguments)
    data = fitting_data(run)
    say(f"{run.subject.title} on {data.name}")
    # Ahead of the folder, so that a library that is broken leaves none behind.
    from archdsl.recipes.run_folder import begin_run, discard
    from archdsl.train.results import table
    from archdsl.train.training import train

    if resume is None and is_first():
        run = begin_run(run.folder, run.subject, run.recipe)

    try:
        result = train(run, data, resume=resume is not None, say=say)
    except (ArchError, OSError):
        if resume is None and is_first():
            discard(run)
        raise
    say("")
    say(table(result.metrics))
    say("")
    if not result.finished:
        say(f"stopped; `archdsl train --resume {run.folder}` goes on")
        return 130
    say(f"in {run.folder}: " + ", ".join(sorted(path.name for path in run.folder.iterdir())))
    return 0


def _resumed(folder: Path, options: dict[str, Any]) -> Run:
    from archdsl.recipes.recipe import CHANGEABLE
    from archdsl.recipes.run_folder import Run, open_run

    for name in options:
        if name not in CHANGEABLE:
            raise click.UsageError(f"`--{name.replace('_', '-')}` can't change when a training goes on")
    run = open_run(folder)
    return Run(folder, run.subject, run.recipe.model_copy(update=options))
