"""From the arguments of a command to a training that can begin, which several commands share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archdsl.cli.opening import variant_options
from archdsl.cli.recipes import given, recipe_options
from archdsl.recipes.processes import is_first

if TYPE_CHECKING:
    from archdsl.limits import Limits
    from archdsl.recipes.datasets import DataSet
    from archdsl.recipes.run_folder import Run

Command = TypeVar("Command", bound=Callable[..., Any])


def training_arguments(*, resume: str, without: Iterable[str] = ()) -> Callable[[Command], Command]:
    """Give a command what `begun` takes, of which SPEC may be missing, and `--resume`, for which the text is."""

    def give(command: Command) -> Command:
        folder = click.Path(path_type=Path)
        for argument in (
            click.option("--resume", type=folder, metavar="DIR", help=resume),
            click.option(
                "--out", type=folder, metavar="DIR", help="Where all goes; by default a new folder below `runs`."
            ),
            recipe_options(without=without),
            click.option("--input", metavar="SIZES", help="Another input, channels first: 3x64x64."),
            variant_options,
            click.argument("spec", metavar="[SPEC]", required=False),
        ):
            command = argument(command)
        return command

    return give


def begins(arguments: Mapping[str, Any]) -> bool:
    """Whether arguments say what only a training that begins is told: which network, which recipe, which folder."""
    return any(arguments[name] for name in ("variant", "settings", "input", "recipe", "out"))


def begun(
    spec: str,
    variant: str | None,
    settings: dict[str, str],
    limits: Limits,
    input: str | None,
    recipe: Path | None,
    out: Path | None,
    **options: Any,
) -> Run:
    """A new run, of which nothing is written yet. What a recipe says of the network, options may say otherwise."""
    from archdsl.cli.opening import open_program
    from archdsl.recipes.fitting import Subject
    from archdsl.recipes.run_folder import Run, check_free, free_folder
    from archdsl.recipes.toml import NETWORK, read_recipe, recipe_of

    said = read_recipe(recipe) if recipe else {}
    network = {name: said.pop(name, None) for name in NETWORK}
    program, chosen, path = open_program(spec, variant or network["variant"], limits)
    inside = {name: str(value) for name, value in (network["set"] or {}).items()}
    subject = Subject(program, spec, chosen, {**inside, **settings}, input or network["input"], path)
    whole = recipe_of({**said, **given(options)})
    folder = out or free_folder(subject, whole.data)
    if is_first():
        check_free(folder)
    return Run(folder, subject, whole)


def fitting_data(run: Run) -> DataSet:
    """The data of a run. Mistakes in how they fit are said here, before torch is imported, which takes its time."""
    from archdsl.recipes.datasets import data_set
    from archdsl.recipes.failures import check_devices
    from archdsl.recipes.fitting import fit

    check_devices(run.recipe)
    data = data_set(run.recipe.data, run.recipe.data_dir, run.recipe.download)
    fit(run.subject, data, run.recipe, run.recipe.weights is not None)
    return data


def say(text: str) -> None:
    """Print a text, once for all processes."""
    if is_first():
        print(text)
