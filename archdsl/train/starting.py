"""What a training starts from: the network fitted to the data, its first weights, and how images are prepared."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import replace

from torch import Tensor, nn

from archdsl.analysis.state import state
from archdsl.network import Network, weights_of
from archdsl.recipes.datasets import DataSet
from archdsl.recipes.fitting import Fitted, fit
from archdsl.recipes.prepared import refit
from archdsl.recipes.recipe import SCRATCH, Recipe
from archdsl.recipes.run_folder import Run
from archdsl.record import record
from archdsl.runtime.predicting import without_probabilities
from archdsl.runtime.weights import Weights
from archdsl.runtime.weights.loading import AmbiguousWeights, preprocessing_of
from archdsl.train.preparation import Preparation
from archdsl.train.randomness import begin
from archdsl.weights.preprocessing import SCALES, usual

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
    shown = usual(fitted.channels, fitted.size).with_values(resize=fitted.resize)
    notes: list[str] = []
    weights: Weights | None = None
    if recipe.weights is not None:
        weights = weights_of(recipe.weights, fitted.network.variant)
        wanted = preprocessing_of(fitted.network.architecture, weights)
        assert wanted is not None, "a classifier of images takes images"
        if recipe.resize is None and recipe.crop is None and subject.input is None:
            fitted = fit(subject, data, recipe, True, (wanted.crop, wanted.resize))
        shown = replace(wanted, crop=fitted.size, resize=fitted.resize)
    if weights is None or recipe.normalize is not None:
        scale = SCALES[recipe.normalize or "none"]
        mean, std = (values * fitted.channels if len(values) == 1 else values for values in scale)
        shown = replace(shown, mean=mean, std=std, rescaled=False, assumed=False)
    if weights is not None:
        notes.append(f"images: {shown.describe()}")
    preparation = Preparation(replace(shown, assumed=False), recipe.flip)
    begin(recipe.seed, "weights")
    if weights is None or recipe.tuned == SCRATCH:
        network = without_probabilities(fitted.network.module(), fitted.probabilities)
        return Start(fitted, network, preparation, (*fitted.notes, *notes))
    new, said = _beginning_anew(fitted.network, weights, recipe)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AmbiguousWeights)
        loaded = fitted.network.loaded(weights, new=new)
    notes += [f"weights of {weights.name}: {loaded.fit.summary}", *said]
    network = without_probabilities(loaded.module, fitted.probabilities)
    return Start(fitted, network, preparation, (*fitted.notes, *notes))


def restart(run: Run) -> tuple[Start, tuple[str, ...]]:
    """The same of a run that was begun, and its classes, without its data and its weights; the network's are random.

    Raises as `refit` does.
    """
    fitted, prepared = refit(run)
    network = without_probabilities(fitted.network.module(), fitted.probabilities)
    return Start(fitted, network, Preparation(prepared.preprocessing, prepared.flip), fitted.notes), prepared.classes


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
