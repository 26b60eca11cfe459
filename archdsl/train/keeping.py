"""What is done at the end of an epoch: its figures, the schedule, the best weights, the checkpoint."""

from __future__ import annotations

from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import lightning.pytorch as lightning
import torch
from torch import Tensor
from torch.optim.lr_scheduler import LambdaLR, ReduceLROnPlateau

from archdsl.train import checkpoint
from archdsl.train.checkpoint import Epoch, State
from archdsl.train.fitting_state import require_optimizer, require_schedule
from archdsl.train.learning import Learning
from archdsl.train.stopping import Stop, Stopped

if TYPE_CHECKING:
    from collections.abc import Callable

ASK_EVERY = 20
"""Steps between two times that several processes ask each other whether to stop."""


class Keeping(lightning.Callback):
    """Keeps the state of a training, in memory and in the checkpoint of its folder."""

    def __init__(self, path: Path, state: State, stop: Stop, told: Callable[[Epoch], None]) -> None:
        self.path, self.state, self.stop, self.told = path, state, stop, told
        self.seconds_before = state.seconds
        self.started = perf_counter()

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        """Give the optimizer and the schedule their state back, now that they are made."""
        try:
            self._give_back(trainer, _learning(pl_module))
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            said = " ".join(str(error).split())[:200]
            raise OSError(f"`{self.path}` doesn't fit its optimizer or its schedule: {said}") from None

    def _give_back(self, trainer: lightning.Trainer, learning: Learning) -> None:
        state = self.state
        if state.optimizer is not None:
            require_optimizer(trainer.optimizers[0], state.optimizer)
            trainer.strategy.load_optimizer_state_dict({"optimizer_states": [state.optimizer]})
        if state.scheduler is not None and learning.scheduler is not None:
            require_schedule(learning.scheduler.state_dict(), state.scheduler)
            learning.scheduler.load_state_dict(state.scheduler)
            if isinstance(learning.scheduler, LambdaLR):
                # A training may be made longer than it was, and its wave with it.
                for group, rate, wave in zip(
                    trainer.optimizers[0].param_groups,
                    learning.scheduler.base_lrs,
                    learning.scheduler.lr_lambdas,
                    strict=True,
                ):
                    group["lr"] = rate * wave(learning.scheduler.last_epoch)
        if state.scaler:
            trainer.precision_plugin.load_state_dict(state.scaler)

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        self.last = perf_counter()
        learning = _learning(pl_module)
        if learning.step < learning.steps and self._stops(learning):
            learning.check_finite()
            self._write(trainer, learning, learning.epoch, learning.step, learning.totals())
            raise Stopped

    def on_train_epoch_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        learning, state = _learning(pl_module), self.state
        learning.check_finite()
        found = self._figures(learning)
        state.history.append(found)
        scheduler = learning.scheduler
        if isinstance(scheduler, ReduceLROnPlateau):
            scheduler.step(found.train_loss if found.val_loss is None else found.val_loss)
        elif scheduler is not None:
            scheduler.step()
        weights = learning.weights()
        if found.val_accuracy is not None and _better(found, state):
            state.best_epoch = found.epoch
            state.best = {name: tensor.detach().to("cpu", copy=True) for name, tensor in weights.items()}
        self._write(trainer, learning, found.epoch, 0, ())
        if trainer.is_global_zero:
            self.told(found)
            if trainer.logger is not None:
                figures = {name: value for name, value in vars(found).items() if name != "epoch" and value is not None}
                trainer.logger.log_metrics(figures, found.epoch)
        if self._stops(learning, now=True) and found.epoch < learning.recipe.epochs:
            raise Stopped

    def _figures(self, learning: Learning) -> Epoch:
        loss, hits, count = learning.totals()
        seconds = self.last - learning.begun
        done = learning.summed(torch.tensor(learning.counted - learning.counted_before, device=learning.device)).item()
        val_loss = val_accuracy = None
        if len(learning.data.validation):
            sums: Tensor = learning.summed(learning.val_totals)
            val_loss, val_hits, val_count = sums.tolist()
            val_loss, val_accuracy = val_loss / val_count, val_hits / val_count
        assert learning.optimizer is not None
        return Epoch(
            epoch=learning.epoch + 1,
            train_loss=loss / count,
            train_accuracy=hits / count,
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            lr=float(learning.optimizer.param_groups[0]["lr"]),
            seconds=seconds,
            images_per_second=done / seconds if seconds else 0.0,
        )

    def _stops(self, learning: Learning, now: bool = False) -> bool:
        """Whether to stop here, in every process alike."""
        if learning.share.world == 1:
            return self.stop.asked
        if not now and learning.step % ASK_EVERY:
            return False
        return bool(learning.summed(torch.tensor(int(self.stop.asked), device=learning.device)))

    def _write(
        self, trainer: lightning.Trainer, learning: Learning, epoch: int, step: int, totals: tuple[float, ...]
    ) -> None:
        """Write the checkpoint; what other processes hold of the state is gathered, and the first one writes."""
        state = self.state
        state.epoch, state.step, state.totals = epoch, step, totals
        state.seconds = self.seconds_before + perf_counter() - self.started
        state.weights = learning.weights()
        assert learning.optimizer is not None
        state.optimizer = trainer.strategy.optimizer_state(trainer.optimizers[0])
        if learning.scheduler is not None:
            state.scheduler = dict(learning.scheduler.state_dict())
        state.scaler = trainer.precision_plugin.state_dict()
        if trainer.is_global_zero:
            checkpoint.write(self.path, state)


def _better(found: Epoch, state: State) -> bool:
    """Whether an epoch is the best so far: more hits in validation, or as many at a smaller loss."""
    best = next((each for each in state.history if each.epoch == state.best_epoch), None)
    if best is None:
        return True
    assert found.val_accuracy is not None
    assert found.val_loss is not None
    assert best.val_accuracy is not None
    assert best.val_loss is not None
    return (found.val_accuracy, -found.val_loss) > (best.val_accuracy, -best.val_loss)


def _learning(module: lightning.LightningModule) -> Learning:
    assert isinstance(module, Learning)
    return module
