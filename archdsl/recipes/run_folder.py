"""The folder of a training: the spec it was of, its recipe, and all that comes of it."""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

from archdsl import writing
from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.opening.imports import read_program
from archdsl.opening.library import SUFFIX
from archdsl.opening.reading import read_source
from archdsl.recipes.fitting import Subject
from archdsl.recipes.recipe import Recipe
from archdsl.recipes.toml import NETWORK, read_recipe, recipe_of, toml
from archdsl.record import record
from archdsl.writing import Kept

RUNS = Path("runs")

DESCRIPTION, CHECKPOINT, WEIGHTS = "run.toml", "checkpoint.safetensors", "weights.safetensors"
PREPARATION, METRICS, TABLE = "preparation.json", "metrics.json", "metrics.csv"
CURVES, CONFUSION, MISCLASSIFIED = "curves.png", "confusion.png", "misclassified.html"
SPEC = "spec"


class NotARun(Diagnostic):
    """A folder that no training has written."""

    code = "not-a-run"


class FolderInUse(Diagnostic):
    """A folder for a new training that holds something already."""

    code = "folder-in-use"


class ChangedNetwork(Diagnostic):
    """A training goes on with another network than it was begun with: the spec in its folder has changed."""

    code = "changed-network"


class ChangedRecipe(Diagnostic):
    """A training goes on by another recipe, or with images prepared otherwise, than it was begun with."""

    code = "changed-recipe"


class ChangedData(Diagnostic):
    """A training goes on with other images than it was begun with."""

    code = "changed-data"


@record
class Run:
    """A training by its folder."""

    folder: Path
    subject: Subject
    recipe: Recipe

    def path(self, name: str) -> Path:
        return self.folder / name


def free_folder(subject: Subject, data: str) -> Path:
    """A folder below `runs` that isn't there yet, called after the network and the data."""
    spec = subject.variant or Path(subject.name).stem
    words = re.sub(r"[^A-Za-z0-9_.]+", "-", f"{spec}-{Path(data.partition(':')[2] or data).name}").strip("-.")
    names = itertools.chain([words], (f"{words}-{number}" for number in itertools.count(2)))
    return next(RUNS / name for name in names if not (RUNS / name).exists())


def check_free(folder: Path) -> None:
    """Raise ArchError where a folder for a new training holds something, and OSError where it is no folder."""
    if folder.exists() and any(folder.iterdir()):
        helps = ["take another with `--out`"]
        if (folder / CHECKPOINT).is_file():
            helps.insert(0, f"`archdsl train --resume {folder}` goes on with the training in it")
        raise ArchError(FolderInUse(None, f"`{folder}` is not empty", helps=helps))


def begin_run(folder: Path, subject: Subject, recipe: Recipe) -> Run:
    """Make a folder with the spec, the files it brings blocks from, and the recipe: all of it or nothing.

    Raises ArchError where the folder holds something, and OSError.
    """
    check_free(folder)
    writing.folder(folder, lambda draft: _write_run(draft, subject, recipe))
    return Run(folder, subject, recipe)


def discard(run: Run) -> None:
    """Take away a folder that was just begun and in which nothing was learned: another try may have its name."""
    if not run.path(CHECKPOINT).is_file():
        writing.discard(run.folder)


def _write_run(folder: Path, subject: Subject, recipe: Recipe) -> None:
    home = Path(subject.program.file.source.name).parent
    for program in subject.program.files:
        source = program.file.source
        target = folder / SPEC / (_main(subject) if program is subject.program else Path(source.name).relative_to(home))
        Kept(target, inside=folder).write(source.text)
    said: dict[str, Any] = {"spec": _main(subject), "variant": subject.variant, "input": subject.input}
    said |= {"set": dict(subject.settings), **recipe.model_dump()}
    Kept(folder / DESCRIPTION).write(toml(said))


def open_run(folder: Path) -> Run:
    """The run in a folder. Raises ArchError where there is none, or its spec or recipe has mistakes, and OSError."""
    description = folder / DESCRIPTION
    if not description.is_file():
        raise ArchError(
            NotARun(None, f"`{folder}` is not the folder of a run", helps=[f"such a folder has a file `{DESCRIPTION}`"])
        )
    said = read_recipe(description, ("spec",))
    spec = str(said.pop("spec", ""))
    if Path(spec).name != spec or not spec:
        raise ArchError(NotARun(None, f"`{description}` names no spec in the folder's `{SPEC}`"))
    path = folder / SPEC / spec
    program = read_program(read_source(path), path.parent)
    network = {name: said.pop(name, None) for name in NETWORK}
    settings = {name: str(value) for name, value in (network["set"] or {}).items()}
    subject = Subject(program, spec, network["variant"], settings, network["input"], path)
    return Run(folder, subject, recipe_of(said))


def _main(subject: Subject) -> str:
    """What the copy of the spec is called."""
    name = Path(subject.program.file.source.name).name
    return name if name.endswith(SUFFIX) else f"spec{SUFFIX}"
