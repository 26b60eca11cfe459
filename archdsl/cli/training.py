"""From the arguments of a command to a training that can begin, which several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.recipes.processes import is_first

if TYPE_CHECKING:
    from archdsl.limits import Limits
    from archdsl.recipes.run_folder import Run


def begun(
    spec: str,
    variant: str | None,
    settings: dict[str, str],
    limits: Limits,
    input: str | None,
    file: Path | None,
    options: dict[str, Any],
    out: Path | None,
) -> Run:
    """A new run, of which nothing is written yet. What a recipe says of the network, options may say otherwise."""
    from archdsl.cli.opening import open_program
    from archdsl.recipes.fitting import Subject
    from archdsl.recipes.run_folder import Run, check_free, free_folder
    from archdsl.recipes.toml import NETWORK, read_recipe, recipe_of

    said = read_recipe(file) if file else {}
    network = {name: said.pop(name, None) for name in NETWORK}
    program, chosen, path = open_program(spec, variant or network["variant"], limits)
    inside = {name: str(value) for name, value in (network["set"] or {}).items()}
    subject = Subject(program, spec, chosen, {**inside, **settings}, input or network["input"], path)
    recipe = recipe_of({**said, **options})
    folder = out or free_folder(subject, recipe.data)
    if is_first():
        check_free(folder)
    return Run(folder, subject, recipe)
