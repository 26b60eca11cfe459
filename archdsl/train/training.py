"""A training from beginning to end, or from where it was interrupted; and the test that ends it."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import lightning.pytorch as lightning
import torch
from torch import nn

import archdsl
from archdsl.analysis.batches import require_batch
from archdsl.diagnostics import ArchError
from archdsl.recipes.datasets import DataSet
from archdsl.recipes.failures import check_images, not_finite
from archdsl.recipes.fitting import Fitted
from archdsl.recipes.prepared import Prepared
from archdsl.recipes.processes import is_first
from archdsl.recipes.run_folder import CHECKPOINT, DESCRIPTION, PREPARATION, ChangedNetwork, Run
from archdsl.train import checkpoint
from archdsl.train.batches import Share, steps
from archdsl.train.beginning import beginning, require_same
from archdsl.train.checkpoint import Epoch, State
from archdsl.train.engine import engine, quiet, refusals
from archdsl.train.keeping import Keeping
from archdsl.train.learning import Learning, LossNotFinite
from archdsl.train.progress import Watching
from archdsl.train.reading import read_data
from archdsl.train.result import Result
from archdsl.train.results import save_weights, write_progress, write_results
from archdsl.train.starting import Say, load_state, restart, start
from archdsl.train.stopping import Stop, Stopped
from archdsl.train.tuning import Tuning
from archdsl.writing import Kept


def train(run: Run, data: DataSet, *, resume: bool = False, say: Say = print) -> Result:
    """Train until the recipe's epochs are done, then test once; or go on with what is in the run's folder.

    Every random draw derives from the seed, the epoch and the step, so that a training that goes on ends with the
    very weights of one that was never interrupted. Raises ArchError where the loss is not finite any more, the batch
    is too large or too small, the network doesn't go with data and weights, devices refuse, or the folder's checkpoint
    is of another network, recipe or data; and OSError where files can't be read or written.
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
    images = read_data(data, recipe, begun.preparation.preprocessing)
    for note in images.notes:
        say(f"- {note}")
    check_images(recipe, len(images.train), len(images.test))
    prepared = Prepared(begun.preparation.preprocessing, begun.preparation.flip, images.classes)
    with_what = beginning(recipe, prepared, images)
    tuning = Tuning(network, recipe.tuned, fitted.network.architecture.auxiliary)
    state = _resumed(run, fitted, network, with_what) if goes_on else State(fingerprint(fitted), with_what)
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
        Kept(run.path(PREPARATION)).write(prepared.to_json())
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
        _check_batches(fitted, learning, trainer.world_size)
        try:
            with refusals(recipe):
                if state.epoch < recipe.epochs:
                    trainer.fit(learning)
                if state.best:
                    load_state(learning.network, state.best, f"`{run.path(CHECKPOINT)}`")
                trainer.test(learning, verbose=False)
        except Stopped:
            finished = False
        except LossNotFinite as error:
            raise not_finite(recipe, error.epoch, error.step, state.epoch) from None
        finally:
            watching.end()
    metrics = _metrics(run, fitted, learning, state, trainer, finished)
    result = Result(run, metrics, tuple(state.history), learning.predictions, images, begun.preparation, finished)
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


def _resumed(run: Run, fitted: Fitted, network: nn.Module, begun: dict[str, Any]) -> State:
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
    require_same(run, state.begun, begun)
    where = f"`{run.path(CHECKPOINT)}`"
    if state.step >= begun["steps"]:
        raise OSError(f"{where} is no checkpoint that can be read: an epoch has {begun['steps']} steps")
    load_state(network, state.weights, where)
    return state


def _check_batches(fitted: Fitted, learning: Learning, world: int) -> None:
    """Raise ArchError where a layer would measure over a single number: in a step, or where images are judged."""
    recipe, network, last = learning.recipe, fitted.network.architecture, Share(world - 1, world)
    least = min(max(1, last.counted(end - start)) for start, end in steps(len(learning.data.train), recipe.batch_size))
    ways = [f"take `--batch-size {2 * world}` or more"]
    frozen = {name.rpartition(".")[0] for name in learning.tuning.frozen}
    require_batch(network, least, True, ways, lambda name: name not in frozen)
    for images in (learning.data.validation, learning.data.test):
        each = -(-len(images) // world)
        if each:
            require_batch(network, each % recipe.batch_size or min(each, recipe.batch_size), False, ways)


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


def _silent(text: str) -> None:
    """What processes but the first say."""
