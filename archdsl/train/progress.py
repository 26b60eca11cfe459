"""What a person watches: a bar with loss, accuracy, images a second and time left, and a line an epoch."""

from __future__ import annotations

import sys
from time import perf_counter
from typing import Any

import lightning.pytorch as lightning
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from archdsl.train.checkpoint import Epoch
from archdsl.train.learning import Learning

REFRESH = 0.2
"""Seconds between two looks at the loss."""


class Watching(lightning.Callback):
    """The bar, on a terminal only. Steps in between cost it a look at the clock."""

    def __init__(self, epochs: int) -> None:
        self.console = Console(file=sys.stderr)
        self.epochs = epochs
        self.bar: Progress | None = None
        self.task: TaskID | None = None

    def on_train_start(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        if not (self.console.is_terminal and trainer.is_global_zero):
            return
        assert isinstance(pl_module, Learning)
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[figures]}"),
            TimeRemainingColumn(compact=True),
        )
        self.bar = Progress(*columns, console=self.console, transient=True, auto_refresh=False)
        self.bar.start()
        total = self.epochs * pl_module.steps
        self.task = self.bar.add_task("", total=total, figures="", completed=pl_module.first_epoch * pl_module.steps)
        self.next = 0.0

    def on_train_batch_end(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        if self.bar is None or (now := perf_counter()) < self.next:
            return
        assert isinstance(pl_module, Learning)
        assert self.task is not None
        self.next = now + REFRESH
        counted = max(pl_module.counted, 1)
        loss, accuracy = pl_module.loss_sum.item() / counted, pl_module.hits.item() / counted
        speed = (
            (pl_module.counted - pl_module.counted_before) * pl_module.share.world / max(now - pl_module.begun, 1e-9)
        )
        self.bar.update(
            self.task,
            description=f"epoch {pl_module.epoch + 1}/{self.epochs}",
            completed=pl_module.epoch * pl_module.steps + pl_module.step,
            figures=f"loss {loss:.4f}  accuracy {100 * accuracy:5.1f} %  {speed:,.0f} images/s",
        )
        self.bar.refresh()

    def tell(self, epoch: Epoch) -> None:
        """The line of an epoch, above the bar where there is one."""
        validation = "" if epoch.val_accuracy is None else f"  validation {100 * epoch.val_accuracy:5.1f} %"
        width = len(str(self.epochs))
        line = (
            f"epoch {epoch.epoch:{width}}/{self.epochs}  loss {epoch.train_loss:.4f}  "
            f"accuracy {100 * epoch.train_accuracy:5.1f} %{validation}  {epoch.images_per_second:,.0f} images/s"
        )
        if self.bar is not None:
            self.bar.console.print(line, highlight=False)
        else:
            print(line, flush=True)

    def end(self) -> None:
        """Take the bar away; may be called more than once."""
        if self.bar is not None:
            self.bar.stop()
            self.bar = None

    def on_train_end(self, trainer: lightning.Trainer, pl_module: lightning.LightningModule) -> None:
        self.end()

    def on_exception(
        self, trainer: lightning.Trainer, pl_module: lightning.LightningModule, exception: BaseException
    ) -> None:
        self.end()
