"""From the arguments of a command to a network with its weights, at the size that it is shown images in.

In place of a SPEC the folder of a training may be named, which has its weights and says what its images go through.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from archdsl.cli.opening import open_network
from archdsl.record import record

if TYPE_CHECKING:
    from archdsl.limits import Limits
    from archdsl.network import Network
    from archdsl.runtime.weights import Weights
    from archdsl.weights.preprocessing import Preprocessing


@record
class Weighed:
    """A network, and how to read its weights, which imports torch."""

    network: Network
    read: Callable[[], Weights]


def open_weighed(
    spec: str,
    variant: str | None,
    settings: dict[str, str],
    limits: Limits,
    weights: str | None,
    input: str | None = None,
) -> Weighed:
    """The network and the weights that are meant: those that are given, else those of the training in a folder."""
    from archdsl.recipes.run_folder import DESCRIPTION

    if weights is not None:
        named = weights
        network = open_network(spec, variant, settings, input, limits)
        return Weighed(network, lambda: _given(network, named))
    folder = Path(spec)
    if not (folder / DESCRIPTION).is_file():
        raise click.UsageError("`--weights` is missing, and only the folder of a training has its own")
    if variant or settings:
        raise click.UsageError("a training has its variant and its parameters in its folder")
    from archdsl.recipes.prepared import refit
    from archdsl.recipes.run_folder import open_run

    fitted, _ = refit(open_run(folder))
    network = fitted.network if input is None else fitted.network.at(input)
    return Weighed(network, lambda: _trained(folder))


def sized(network: Network, shown: Preprocessing) -> Network:
    """The network at the size of what it is shown, whose every layer takes that. Raises ArchError where one doesn't."""
    wanted = (shown.channels, *shown.crop)
    return network if network.input == wanted else network.at(wanted)


def title(network: Network) -> str:
    """What messages call a network."""
    return network.variant or network.name


def _given(network: Network, weights: str) -> Weights:
    from archdsl.network import weights_of

    return weights_of(weights, network.variant)


def _trained(folder: Path) -> Weights:
    from archdsl.runtime.weights import from_tensors
    from archdsl.train.evaluation import open_trained

    trained = open_trained(folder)
    found = from_tensors(trained.network.state_dict(), str(folder))
    return replace(found, preprocessing=trained.preparation.preprocessing, classes=trained.classes)
