"""A network that learns, as Lightning runs it: one step, its loss, and what is counted on the way.

Nothing is logged step by step: sums stay on the device, and are looked at when an epoch ends or somebody watches.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any, cast

import lightning.pytorch as lightning
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler, ReduceLROnPlateau, StepLR

from archdsl.recipes.recipe import Recipe
from archdsl.train.batches import Batch, EvaluationBatches, Share, TrainingBatches, steps
from archdsl.train.images import AnyImages
from archdsl.train.preparation import Preparation
from archdsl.train.randomness import begin, generator
from archdsl.train.reading import Data
from archdsl.train.tuning import Tuning

AUXILIARY = 0.3
"""What the loss of each auxiliary output counts for (Szegedy et al. 2015, section 5)."""

LOOK_EVERY = 50
"""Steps between two looks at a loss that lies on another device, where a look stops everything."""


class LossNotFinite(Exception):
    """The loss is no finite number any more; raised before a checkpoint would keep what came of it."""

    def __init__(self, epoch: int, step: int | None) -> None:
        super().__init__(epoch, step)
        self.epoch, self.step = epoch, step


class Learning(lightning.LightningModule):
    """A network with its data, optimizer and sums. `state_dict` has the network's keys behind `network.`"""

    def __init__(
        self,
        network: nn.Module,
        recipe: Recipe,
        data: Data,
        preparation: Preparation,
        tuning: Tuning,
        *,
        epoch: int = 0,
        step: int = 0,
        totals: tuple[float, ...] = (),
    ) -> None:
        super().__init__()
        self.network = network
        self.recipe, self.data, self.preparation, self.tuning = recipe, data, preparation, tuning
        self.first_epoch, self.first_step, self.first_totals = epoch, step, totals
        self.step = step
        """Steps of this epoch that are done."""
        self.images: dict[str, AnyImages] = {}
        self.optimizer: Optimizer | None = None
        self.scheduler: LRScheduler | ReduceLROnPlateau | None = None
        self.predictions: Tensor | None = None
        """Scores [N, classes] of the images that were tested last."""
        # A function and not the module, which would be registered a second time.
        self._run: Callable[[Tensor], Any] = torch.compile(network.forward) if recipe.compile else network.forward
        self._batches: TrainingBatches | None = None

    # What goes in.

    @property
    def epoch(self) -> int:
        """Epochs that are done, those before an interruption among them."""
        return self.first_epoch + self.current_epoch

    @property
    def steps(self) -> int:
        """Steps of a whole epoch."""
        return len(steps(len(self.data.train), self.recipe.batch_size))

    @property
    def share(self) -> Share:
        return Share(self.global_rank, self.trainer.world_size)

    def workers(self) -> int:
        """Processes that read files; where memory holds all images there is nothing to read."""
        return min(8, os.cpu_count() or 1) if self.recipe.workers is None else self.recipe.workers

    def setup(self, stage: str) -> None:
        named = {"train": self.data.train, "validation": self.data.validation, "test": self.data.test}
        self.images = {name: images.to(self.trainer.strategy.root_device) for name, images in named.items()}

    def train_dataloader(self) -> TrainingBatches:
        first = self.first_step if self.current_epoch == 0 else 0
        self._batches = TrainingBatches(
            self.data.train, self.recipe.batch_size, self.recipe.seed, self.share, self.epoch, first, self.workers()
        )
        return self._batches

    def val_dataloader(self) -> EvaluationBatches:
        return EvaluationBatches(self.data.validation, self.recipe.batch_size, self.share, self.workers())

    def test_dataloader(self) -> EvaluationBatches:
        return EvaluationBatches(self.data.test, self.recipe.batch_size, self.share, self.workers())

    def _pixels(self, batch: Batch, images: AnyImages) -> tuple[Tensor, Tensor]:
        pixels = images.take(batch.places) if batch.pixels is None else batch.pixels
        return pixels, images.labels[batch.places]

    def _laid_out(self, numbers: Tensor) -> Tensor:
        return numbers.contiguous(memory_format=torch.channels_last) if self.channels_last else numbers

    @property
    def channels_last(self) -> bool:
        """Whether images lie with their channels last: as asked for, else on a GPU."""
        asked = self.recipe.channels_last
        return self.device.type == "cuda" if asked is None else asked

    # Training.

    def train(self, mode: bool = True) -> Learning:
        super().train(mode)
        if mode:
            self.tuning.apply()
        return self

    def configure_optimizers(self) -> OptimizerLRScheduler:
        recipe = self.recipe
        trained = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        if recipe.optimizer == "sgd":
            self.optimizer = SGD(trained, recipe.rate, recipe.momentum, weight_decay=recipe.weight_decay)
        else:
            kind = Adam if recipe.optimizer == "adam" else AdamW
            self.optimizer = kind(trained, recipe.rate, weight_decay=recipe.weight_decay)
        self.scheduler = self._schedule(self.optimizer)
        # The schedule is stepped by hand at the end of an epoch, as what it goes by is not logged.
        return self.optimizer

    def _schedule(self, optimizer: Optimizer) -> LRScheduler | ReduceLROnPlateau | None:
        recipe = self.recipe
        match recipe.schedule:
            case "cosine":
                # Worked out anew for each epoch, so that a training that is made longer goes on along the longer wave.
                return LambdaLR(optimizer, lambda epoch: (1 + math.cos(math.pi * epoch / recipe.epochs)) / 2)
            case "step":
                return StepLR(optimizer, recipe.schedule_every or max(1, recipe.epochs // 3), recipe.schedule_factor)
            case "plateau":
                patience = 3 if recipe.schedule_every is None else recipe.schedule_every
                return ReduceLROnPlateau(optimizer, factor=recipe.schedule_factor, patience=patience)
        return None

    def on_train_start(self) -> None:
        if self.channels_last:
            self.network.to(memory_format=torch.channels_last)
        self._whole = torch.float32 if self.device.type == "mps" else torch.float64

    def on_train_epoch_start(self) -> None:
        assert self._batches is not None
        resumed = self.current_epoch == 0
        self._batches.epoch = self.epoch
        self.step = self.first_step if resumed else 0
        # What was summed before an interruption is the first process's.
        begun = resumed and self.first_totals and self.global_rank == 0
        loss, hits, self.counted = self.first_totals if begun else (0.0, 0.0, 0.0)
        self.loss_sum = torch.tensor(loss, dtype=self._whole, device=self.device)
        self.hits = torch.tensor(int(hits), device=self.device)
        self.begun, self.counted_before = perf_counter(), self.counted
        self.bad = torch.full((), -1, dtype=torch.int64, device=self.device)
        self.tuning.apply()

    def training_step(self, batch: Batch, number: int) -> Tensor:
        share, seed = self.share, self.recipe.seed
        images = self.images["train"]
        pixels, labels = self._pixels(batch, images)
        draw = generator(seed, "augment", batch.epoch, batch.step)
        numbers = self._laid_out(self.preparation.training(pixels, draw, batch.images, share.part))
        begin(seed, "step", batch.epoch, batch.step, share.rank, device=self.device)
        output = self._run(numbers)
        loss, scores = self._loss(output, labels)
        counted = share.counted(batch.images)
        if counted:
            self.loss_sum.add_(loss.detach(), alpha=counted)
            self.hits += (scores.argmax(1) == labels).sum()
            self.counted += counted
        self._look(loss, batch)
        # Here and not when the step is done: callbacks are told of that before this module is.
        self.step = batch.step + 1
        # Processes whose gradients are averaged: each counts for as many images as it has.
        return loss if share.world == 1 else loss * (counted * share.world / batch.images)

    def _loss(self, output: Any, labels: Tensor) -> tuple[Tensor, Tensor]:
        """The loss and the scores that the network is judged by; outputs of training count for a part."""
        if isinstance(output, Tensor):
            return functional.cross_entropy(output, labels), output
        main, *others = output
        loss = functional.cross_entropy(main, labels)
        for other in others:
            if other.requires_grad:
                loss = loss + AUXILIARY * functional.cross_entropy(other, labels)
        return loss, main

    def _look(self, loss: Tensor, batch: Batch) -> None:
        """Raise LossNotFinite at the step where it is so, or on a device soon after, and say the step."""
        if self.device.type == "cpu" and self.share.world == 1:
            if not math.isfinite(loss.item()):
                raise LossNotFinite(batch.epoch + 1, batch.step + 1)
            return
        first = ~loss.detach().isfinite() & (self.bad < 0)
        self.bad = torch.where(first, batch.step + 1, self.bad)
        if (batch.step + 1) % LOOK_EVERY == 0 and self.share.world == 1:
            self.check_finite()

    def check_finite(self) -> None:
        """Raise LossNotFinite, in every process alike, where some step of this epoch made a loss that is not finite."""
        bad = self.summed(torch.where(self.bad < 0, 0, self.bad))
        if bad:
            raise LossNotFinite(self.epoch + 1, int(self.bad) if self.bad >= 0 else None)

    def totals(self) -> tuple[float, float, float]:
        """Sums of loss, hits and images of this epoch so far, over all processes."""
        mine = torch.stack([self.loss_sum, self.hits.to(self._whole), self.loss_sum.new_tensor(self.counted)])
        loss, hits, counted = self.summed(mine).tolist()
        return loss, hits, counted

    def summed(self, tensor: Tensor) -> Tensor:
        """The sum over all processes."""
        if self.share.world == 1:
            return tensor
        return cast("Tensor", self.trainer.strategy.reduce(tensor.clone(), reduce_op="sum"))

    # Evaluation.

    def on_validation_epoch_start(self) -> None:
        self.val_totals = torch.zeros(3, dtype=self._whole, device=self.device)

    def validation_step(self, batch: Batch, number: int) -> None:
        self.val_totals += self._judged(batch, self.images["validation"])[0]

    def on_test_epoch_start(self) -> None:
        images = self.images["test"]
        self._whole = torch.float32 if self.device.type == "mps" else torch.float64
        self.test_totals = torch.zeros(3, dtype=self._whole, device=self.device)
        self.predictions = torch.zeros(len(images), len(self.data.classes), device=self.device)

    def test_step(self, batch: Batch, number: int) -> None:
        assert self.predictions is not None
        totals, scores = self._judged(batch, self.images["test"])
        self.test_totals += totals
        self.predictions[batch.places[: batch.images]] = scores.float()

    def on_test_epoch_end(self) -> None:
        assert self.predictions is not None
        self.test_totals = self.summed(self.test_totals)
        self.predictions = self.summed(self.predictions).cpu()

    def _judged(self, batch: Batch, images: AnyImages) -> tuple[Tensor, Tensor]:
        """Sums of loss, hits and images, and the scores of those that aren't padding."""
        pixels, labels = self._pixels(batch, images)
        scores = self._run(self._laid_out(self.preparation.evaluation(pixels)))[: batch.images]
        labels = labels[: batch.images]
        loss = functional.cross_entropy(scores.float(), labels, reduction="sum")
        hits = (scores.argmax(1) == labels).sum()
        return torch.stack([loss, hits, hits.new_tensor(batch.images)]), scores

    # Weights under the network's own names.

    def weights(self) -> dict[str, Tensor]:
        """The network's `state_dict`, gathered from wherever the strategy keeps it."""
        whole: Mapping[str, Tensor] = self.trainer.strategy.lightning_module_state_dict()
        return {name.removeprefix("network."): tensor for name, tensor in whole.items()}
