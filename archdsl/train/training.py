"""A training from beginning to end, or from where it was interrupted; and the test that ends it."""

from __future__ import annotations

import hashlib
import json
import logging
import platform
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import lightning.pytorch as lightning
import torch
from lightning.pytorch.loggers import Logger
from torch import Tensor, nn

import archdsl
from archdsl.diagnostics import ArchError
from archdsl.recipes.datasets import DataSet
from archdsl.recipes.failures import check_batch, not_finite
from archdsl.recipes.fitting import Fitted
from archdsl.recipes.processes import is_first
from archdsl.recipes.recipe import Recipe
from archdsl.recipes.run_folder import CHECKPOINT, DESCRIPTION, PREPARATION, ChangedNetwork, Run
from archdsl.record import record
from archdsl.train import checkpoint
from archdsl.train.batches import steps
from archdsl.train.checkpoint import Epoch, State
from archdsl.train.keeping import Keeping
from archdsl.train.learning import Learning, LossNotFinite
from archdsl.train.progress import Watching
from archdsl.train.reading import Data, read_data
from archdsl.train.results import save_weights, write_progress, write_results
from archdsl.train.starting import Say, load_state, restart, start
from archdsl.train.stopping import Stop, Stopped
from archdsl.train.tuning import Tuning
from archdsl.writing import Kept


@record
class Result:
    """What came of a training. `metrics` is what `metrics.json` has; `scores` [N, classes] are of the test set."""

    run: Run
    metrics: dict[str, Any]
    history: tuple[Epoch, ...]
    scores: Tensor | None
    data: Data
    finished: bool


def train(run: Run, data: DataSet, *, resume: bool = False, say: Say = print) -> Result:
    """Train until the recipe's epochs are done, then test once; or go on with what is in the run's folder.

    Every random draw derives from the seed, the epoch and the step, so that a training that goes on ends with the
    very weights of one that was never interrupted. Raises ArchError where the loss is not finite any more, the batch
    is too large, the network doesn't go with data and weights, or the folder's checkpoint is of another one, and
    OSError where files can't be read or written.
    """
    recipe = run.recipe
    if not is_first():
        say = _silent
    # Without a checkpoint it was interrupted before anything was learned.
    goes_on = resume and run.path(CHECKPOINT).is_file()
    begun = restart(run)[0] if goes_on else start(run, data)
    for note in begun.notes:
        say(f"- {note}")
    fitted, network = begun.fitted, begun.network
    images = read_data(data, recipe, fitted)
    for note in images.notes:
        say(f"- {note}")
    check_batch(recipe, len(images.train))
    tuning = Tuning(network, recipe.tuned, fitted.network.architecture.auxiliary)
    state = _resumed(run, fitted, network) if goes_on else State(fingerprint(fitted))
    learning = Learning(
        network,
        recipe,
        images,
        begun.preparation,
        tuning,
        epoch=state.epoch,
        step=state.step,
        totals=state.totals,
    )
    for line in _what_trains(tuning):
        say(line)
    if is_first():
        document = begun.preparation.document() | {"classes": list(images.classes)}
        Kept(run.path(PREPARATION)).write(_json(document))
    watching = Watching(recipe.epochs)

    def told(epoch: Epoch) -> None:
        watching.tell(epoch)
        write_progress(run, state.history)

    finished = True
    with quiet(), Stop().listening() as stop:
        keeping = Keeping(run.path(CHECKPOINT), state, stop, told)
        trainer = engine(
            recipe,
            recipe.epochs - state.epoch,
            [keeping, watching],
            learning,
            in_epoch=bool(state.step),
            folder=run.folder,
        )
        try:
            if state.epoch < recipe.epochs:
                trainer.fit(learning)
            if state.best:
                learning.network.load_state_dict(state.best)
            trainer.test(learning, verbose=False)
        except Stopped:
            finished = False
        except LossNotFinite as error:
            raise not_finite(recipe, error.epoch, error.step, state.epoch) from None
        finally:
            watching.end()
    metrics = _metrics(run, fitted, learning, state, trainer, finished)
    result = Result(run, metrics, tuple(state.history), learning.predictions, images, finished)
    if is_first():
        if finished:
            save_weights(run, fitted, begun.preparation, images.classes, learning.network)
        write_results(result)
    return result


def fingerprint(fitted: Fitted) -> str:
    """A hash of the network's structure, which its weights belong to; where it is written doesn't count."""
    document = json.loads(fitted.network.to_json())
    for node in document["nodes"]:
        node.pop("place")
    return hashlib.sha256(json.dumps(document).encode()).hexdigest()


def _resumed(run: Run, fitted: Fitted, network: nn.Module) -> State:
    state = checkpoint.read(run.path(CHECKPOINT))
    if state.network != fingerprint(fitted):
        raise ArchError(
            ChangedNetwork(
                None,
                f"the checkpoint in `{run.folder}` is of another network than its spec",
                notes=[f"`{run.subject.path}` or `{run.path(DESCRIPTION)}` has changed since the training was begun"],
                helps=["train the changed spec in a folder of its own"],
            )
        )
    load_state(network, state.weights, f"`{run.path(CHECKPOINT)}`")
    return state


def engine(
    recipe: Recipe,
    epochs: int,
    callbacks: list[lightning.Callback],
    learning: Learning,
    *,
    in_epoch: bool = False,
    folder: Path | None = None,
) -> lightning.Trainer:
    """Lightning's trainer as a recipe wants it. Events for TensorBoard go to `folder`; without one there are none.

    `in_epoch` says that the first epoch was begun before.
    """
    logger: Logger | bool = False
    if recipe.tensorboard and folder is not None:
        from lightning.pytorch.loggers import TensorBoardLogger

        logger = TensorBoardLogger(str(folder), name="tensorboard", version="")
    devices: int | str = int(recipe.devices) if recipe.devices.isdigit() else recipe.devices
    return lightning.Trainer(
        accelerator=recipe.accelerator,
        devices=devices,
        num_nodes=recipe.nodes,
        strategy=recipe.strategy,
        precision=recipe.precision,
        max_epochs=epochs,
        callbacks=callbacks,
        logger=logger,
        deterministic="warn" if recipe.deterministic else None,
        # What is kept, shown and shuffled is ours.
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        num_sanity_val_steps=0,
        limit_val_batches=1.0 if len(learning.data.validation) else 0,
        # An epoch that was begun before has fewer steps than the next.
        reload_dataloaders_every_n_epochs=1 if in_epoch else 0,
    )


def _what_trains(tuning: Tuning) -> Iterator[str]:
    """A table of what trains, part by part, where not everything does."""
    parts = tuning.parts()
    trains, params = sum(part.trains for part in parts), sum(part.params for part in parts)
    if tuning.everything:
        yield f"- trains: all {params:,} parameters"
        return
    rows = [("part", "trains", "of parameters")]
    rows += [(part.name, f"{part.trains:,}" if part.trains else "frozen", f"{part.params:,}") for part in parts]
    rows.append(("", f"{trains:,}", f"{params:,}"))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield ""
    for name, *counts in rows:
        yield "  ".join([name.ljust(widths[0]), *map(str.rjust, counts, widths[1:])])
    yield ""


def _metrics(
    run: Run, fitted: Fitted, learning: Learning, state: State, trainer: lightning.Trainer, finished: bool
) -> dict[str, Any]:
    """What `metrics.json` has: accuracies are fractions, losses means over images, times in seconds."""
    recipe, history = run.recipe, state.history
    chosen = next((each for each in history if each.epoch == state.best_epoch), history[-1] if history else None)
    spent = sum(each.seconds for each in history)
    seen = sum(each.seconds * each.images_per_second for each in history)
    test: dict[str, Any] = {"test_accuracy": None, "test_loss": None}
    if finished:
        loss, hits, count = learning.test_totals.tolist()
        test = {"test_accuracy": hits / count, "test_loss": loss / count}
    device = trainer.strategy.root_device
    return {
        **test,
        "val_accuracy": chosen.val_accuracy if chosen else None,
        "val_loss": chosen.val_loss if chosen else None,
        "train_accuracy": chosen.train_accuracy if chosen else None,
        "train_loss": chosen.train_loss if chosen else None,
        "finished": finished,
        "epochs": state.epoch,
        "best_epoch": state.best_epoch,
        "steps_per_epoch": len(steps(len(learning.data.train), recipe.batch_size)),
        "seconds": state.seconds,
        "images_per_second": seen / spent if spent else None,
        "seed": recipe.seed,
        "network": fitted.network.variant or fitted.network.name,
        "parameters": sum(parameter.numel() for parameter in learning.network.parameters()),
        "trained_parameters": sum(each.numel() for each in learning.network.parameters() if each.requires_grad),
        "data": recipe.data,
        "images": {
            "train": len(learning.data.train),
            "validation": len(learning.data.validation),
            "test": len(learning.data.test),
        },
        "device": torch.cuda.get_device_name(device) if device.type == "cuda" else device.type,
        "processes": trainer.world_size,
        "versions": {
            "archdsl": archdsl.__version__,
            "torch": torch.__version__,
            "lightning": version("lightning"),
            "python": platform.python_version(),
        },
    }


@contextmanager
def quiet() -> Iterator[None]:
    """Lightning's advice is for people who write loops of their own; ours is in the recipe."""
    loggers = [logging.getLogger(name) for name in ("lightning.pytorch", "lightning.fabric")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    with warnings.catch_warnings():
        for module in ("lightning", "torch", "pydantic"):
            warnings.filterwarnings("ignore", module=rf"{module}\..*")
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def _silent(text: str) -> None:
    """What processes but the first say."""


def _json(document: Any) -> str:
    return json.dumps(document, indent=2) + "\n"
