"""`archdsl train`: from a spec to a trained network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archdsl.cli.opening import variant_options
from archdsl.cli.recipes import given, recipe_options
from archdsl.recipes.processes import is_first

if TYPE_CHECKING:
    from archdsl.limits import Limits
    from archdsl.recipes.run_folder import Run

CHANGEABLE = frozenset(
    ("data_dir", "download", "epochs", "accelerator", "devices", "nodes", "strategy", "workers", "tensorboard")
)
"""What may be given anew when a training goes on: how long, and where, but not how."""


@click.command()
@click.argument("spec", metavar="[SPEC]", required=False)
@variant_options
@click.option("--input", metavar="SIZES", help="Another input, channels first: 3x64x64.")
@recipe_options()
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
    help="Go on with the training in a folder, without SPEC.",
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
    """Train a network on images.

    Without options: ten epochs on scikit-learn's handwritten digits, which need no download. The classes and the
    input's channels are those of the data; images are resized to what the spec takes. Ctrl-C stops after the step
    that runs and keeps everything; a second one quits.
    """
    if (spec is None) == (resume is None):
        raise click.UsageError("either a SPEC to train, or `--resume DIR` to go on with")
    from archdsl.cli.training import begun
    from archdsl.recipes.datasets import data_set
    from archdsl.recipes.fitting import fit

    if resume is not None:
        if variant or settings or input or recipe or out:
            raise click.UsageError("a training that goes on has its spec and its recipe in its folder")
        run = _resumed(resume, given(options))
    else:
        assert spec is not None
        run = begun(spec, variant, settings, limits, input, recipe, given(options), out)
    data = data_set(run.recipe.data, run.recipe.data_dir, run.recipe.download)
    # Mistakes of this kind are said before torch is imported, which takes its time.
    fit(run.subject, data, run.recipe, run.recipe.weights is not None)
    say = print if is_first() else _nothing
    say(f"{run.subject.title} on {data.name}")
    if resume is None and is_first():
        from archdsl.recipes.run_folder import begin_run

        run = begin_run(run.folder, run.subject, run.recipe)
    from archdsl.train.results import table
    from archdsl.train.training import train

    result = train(run, data, resume=resume is not None, say=say)
    say("")
    say(table(result.metrics))
    say("")
    if not result.finished:
        say(f"stopped; `archdsl train --resume {run.folder}` goes on")
        return 130
    say(f"in {run.folder}: " + ", ".join(sorted(path.name for path in run.folder.iterdir())))
    return 0


def _resumed(folder: Path, options: dict[str, Any]) -> Run:
    from archdsl.recipes.run_folder import Run, open_run

    for name in options:
        if name not in CHANGEABLE:
            raise click.UsageError(f"`--{name.replace('_', '-')}` can't change when a training goes on")
    run = open_run(folder)
    return Run(folder, run.subject, run.recipe.model_copy(update=options))


def _nothing(text: str) -> None:
    """What other processes say."""
