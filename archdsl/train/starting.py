"""What a training starts from: the network fitted to the data, its first weights, and how images are prepared."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace

from torch import Tensor, nn

from archdsl.analysis.state import state
from archdsl.network import Network, weights_of
from archdsl.recipes.datasets import DataSet
from archdsl.recipes.fitting import Fitted, fit
from archdsl.recipes.recipe import SCRATCH, Recipe
from archdsl.recipes.run_folder import PREPARATION, Run
from archdsl.record import record
from archdsl.runtime.weights import Weights
from archdsl.runtime.weights.loading import AmbiguousWeights, preprocessing_of
from archdsl.train.preparation import SCALES, Preparation
from archdsl.train.randomness import begin

Say = Callable[[str], None]


@record
class Start:
    """A network for a data set, with its first weights and what its images need."""

    fitted: Fitted
    network: nn.Module
    preparation: Preparation
    notes: tuple[str, ...]
    """What was done, in a line each."""


def start(run: Run, data: DataSet) -> Start:
    """Build the network for the data, its first weights drawn from the seed or loaded.

    Images get the size and the normalization that the weights want, unless the recipe says otherwise. Raises
    ArchError where network, data and weights don't go together, and OSError for weights that can't be read.
    """
    recipe, subject = run.recipe, run.subject
    fitted = fit(subject, data, recipe, recipe.weights is not None)
    mean, std = SCALES[recipe.normalize or "none"]
    notes: list[str] = []
    weights: Weights | None = None
    if recipe.weights is not None:
        weights = weights_of(recipe.weights, fitted.network.variant)
        wanted = preprocessing_of(fitted.network.architecture, weights)
        if recipe.resize is None and recipe.crop is None and subject.input is None:
            sizes = recipe.model_copy(update={"resize": wanted.resize, "crop": wanted.crop})
            fitted = fit(subject, data, sizes, True)
        if recipe.normalize is None:
            # Values put into [−1, 1] after a normalization are those normalized by one half.
            mean, std = SCALES["half"] if wanted.rescaled else (wanted.mean, wanted.std)
    preparation = Preparation(fitted.channels, fitted.size, recipe.flip, mean, std, fitted.resize)
    if weights is not None:
        done = replace(preparation.preprocessing(), assumed=wanted.assumed and recipe.normalize is None)
        notes.append(f"images: {done.describe()}")
    begin(recipe.seed, "weights")
    if weights is None or recipe.tuned == SCRATCH:
        return Start(
            fitted, without_probabilities(fitted, fitted.network.module()), preparation, (*fitted.notes, *notes)
        )
    new, said = _beginning_anew(fitted.network, weights, recipe)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AmbiguousWeights)
        loaded = fitted.network.loaded(weights, new=new)
    notes += [f"weights of {weights.name}: {loaded.fit.summary}", *said]
    return Start(fitted, without_probabilities(fitted, loaded.module), preparation, (*fitted.notes, *notes))


def restart(run: Run) -> tuple[Start, tuple[str, ...]]:
    """The same of a run that was begun, and its classes, without its data and its weights; the network's are random.

    Raises ArchError where the spec has mistakes, and OSError where the folder can't be read.
    """
    path = run.path(PREPARATION)
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        preparation, classes = Preparation.of(document), tuple(map(str, document["classes"]))
    except (ValueError, KeyError, TypeError) as error:
        raise OSError(f"`{path}` can't be read: {error}") from None
    seen = DataSet("its data", preparation.channels, preparation.resize, len(classes))
    sizes = {"resize": preparation.resize[0], "crop": preparation.size[0]} if _is_square(preparation) else {}
    fitted = fit(run.subject, seen, run.recipe.model_copy(update=sizes), run.recipe.weights is not None)
    return Start(fitted, without_probabilities(fitted, fitted.network.module()), preparation, fitted.notes), classes


def _is_square(preparation: Preparation) -> bool:
    return all(height == width for height, width in (preparation.resize, preparation.size))


def without_probabilities(fitted: Fitted, network: nn.Module) -> nn.Module:
    """The network as it is trained: it gives logits, also where the spec ends in probabilities."""
    if fitted.probabilities is not None:
        network.set_submodule(fitted.probabilities, nn.Identity(), strict=True)
    return network


def _beginning_anew(network: Network, weights: Weights, recipe: Recipe) -> tuple[tuple[str, ...], list[str]]:
    """The parts that begin anew: those asked for, and a head whose classes aren't the weights', which is said."""
    if network.fit(weights, new=recipe.new).complete:
        return recipe.new, []
    (classes,) = network.output
    auxiliary = network.architecture.auxiliary
    needed = [each for each in state(network.architecture) if not each.is_buffer and len(each.shape) > 1]
    main = [each.module for each in needed if each.module.partition(".")[0] not in auxiliary]
    sides = [each.module for each in needed if each.module not in main and each.shape[0] == classes]
    heads = tuple(name for name in dict.fromkeys([main[-1], *sides]) if name not in recipe.new)
    fitted = network.fit(weights, new=(*recipe.new, *heads))
    if not heads or not fitted.complete:
        return recipe.new, []
    names = " and ".join(f"`{name}`" for name in heads)
    return (*recipe.new, *heads), [f"{names} begins anew, for {classes} classes"]


def load_state(network: nn.Module, weights: Mapping[str, Tensor], where: str) -> None:
    """Put weights into a network under its own names. Raises OSError where they don't fit."""
    try:
        network.load_state_dict(weights)
    except RuntimeError as error:
        raise OSError(f"{where} doesn't fit its network: {' '.join(str(error).split())}") from None
