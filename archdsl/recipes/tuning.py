"""What of a network trains: everything, its last layers, or the parts that are named."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from archdsl.diagnostics import ArchError, Diagnostic, similar_help
from archdsl.recipes.recipe import ALL, SCRATCH, TOP, Recipe


class BadTune(Diagnostic):
    """What should train is no part of the network, or is asked for without weights to begin from."""

    code = "bad-tune"


def check_tune(recipe: Recipe) -> None:
    """Raise ArchError where a part of the network is to be tuned and nothing says what the rest is."""
    if recipe.weights is None and recipe.tuned not in (SCRATCH, ALL):
        raise ArchError(
            BadTune(
                None,
                f"`{recipe.tuned}` alone can't train: the rest would keep the weights that chance gave it",
                helps=["begin from weights with `--weights`"],
            )
        )


def trained(tune: str, layers: Sequence[str], parts: Collection[str]) -> tuple[str, ...] | None:
    """The names of what trains, None for everything.

    `layers` are the names of all layers with weights in their order, `parts` of everything that has a name.
    Raises ArchError for what is neither a word of its own nor a part.
    """
    if tune in (SCRATCH, ALL):
        return None
    top = re.fullmatch(rf"{TOP}(-([0-9]+))?", tune, re.ASCII)
    if top:
        count = int(top[2] or 1)
        if not 1 <= count <= len(layers):
            raise ArchError(
                BadTune(None, f"`{tune}` can't be tuned: the network has {len(layers)} layers with weights")
            )
        return tuple(layers[-count:])
    names = tuple(name.strip() for name in tune.split(","))
    for name in names:
        if name not in parts:
            helps = similar_help(name, parts, "a part")
            words = f"`{SCRATCH}`, `{TOP}`, `{TOP}-3`, `{ALL}`, or labels with commas between them"
            raise ArchError(
                BadTune(None, f"`{name}` is no part of the network", helps=[*helps, f"what trains is {words}"])
            )
    return names
