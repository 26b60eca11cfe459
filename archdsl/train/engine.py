"""Lightning's trainer as a recipe wants it, and what it and PyTorch refuse for a reason that a person can act on."""

from __future__ import annotations

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import lightning.pytorch as lightning
import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.loggers import Logger
from torch.distributed import DistError

from archdsl.diagnostics import ArchError
from archdsl.diagnostics.missing import MissingExtra
from archdsl.recipes.failures import CompileRefused, DevicesRefused, OutOfMemory, check_devices
from archdsl.recipes.recipe import Recipe
from archdsl.train.learning import Learning


def engine(
    recipe: Recipe,
    epochs: int,
    callbacks: list[lightning.Callback],
    learning: Learning,
    *,
    in_epoch: bool = False,
    folder: Path | None = None,
) -> lightning.Trainer:
    """Lightning's trainer. Events for TensorBoard go to `folder`; without one there are none.

    `in_epoch` says that the first epoch was begun before. Raises ArchError for devices that there aren't.
    """
    check_devices(recipe)
    logger: Logger | bool = False
    if recipe.tensorboard and folder is not None:
        from lightning.pytorch.loggers import TensorBoardLogger

        try:
            logger = TensorBoardLogger(str(folder), name="tensorboard", version="")
        except ImportError as error:
            raise MissingExtra("`--tensorboard` needs tensorboard: pip install 'archdsl[train]'") from error
    try:
        trainer = lightning.Trainer(
            accelerator=recipe.accelerator,
            devices=recipe.device_count or recipe.devices,
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
    except Exception as error:
        # Everything else that it is given is a constant of ours: what it refuses is what was asked for.
        raise ArchError(_devices(recipe, error)) from None
    _require_room(recipe, trainer)
    return trainer


@contextmanager
def refusals(recipe: Recipe) -> Iterator[None]:
    """Let what a machine, a strategy or a compiler refuses while a trainer runs be mistakes with a way out.

    They are told by their classes. The one that has none is a processor's memory, which its text tells.
    """
    try:
        yield
    except (MisconfigurationException, DistError) as error:
        raise ArchError(_devices(recipe, error)) from None
    except RuntimeError as error:
        if recipe.compile and type(error).__module__.startswith(("torch._dynamo", "torch._inductor")):
            said = f"torch.compile can't compile the network: {first_line(error)}"
            raise ArchError(CompileRefused(None, said, helps=["leave out `--compile`"])) from None
        if not is_out_of_memory(error):
            raise
        raise ArchError(
            OutOfMemory(
                None,
                f"the memory doesn't hold a step of {recipe.batch_size:,} images",
                notes=[first_line(error)],
                helps=["take a smaller `--batch-size`, or smaller images with `--resize`"],
            )
        ) from None


def is_out_of_memory(error: RuntimeError) -> bool:
    """Whether a device, or the processor's allocator, has no memory left."""
    text = str(error)
    return isinstance(error, torch.OutOfMemoryError) or (
        "DefaultCPUAllocator" in text and ("can't allocate memory" in text or "not enough memory" in text)
    )


def first_line(error: BaseException) -> str:
    """What an error says, in one line."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__


def _devices(recipe: Recipe, error: BaseException) -> DevicesRefused:
    asked = {name: getattr(recipe, name) for name in ("accelerator", "devices", "nodes", "strategy", "precision")}
    usual = {name: type(recipe).model_fields[name].default for name in asked}
    shown = [f"`--{name} {value}`" for name, value in asked.items() if value != usual[name]]
    return DevicesRefused(
        None,
        f"Lightning refuses {' '.join(shown) or 'to begin'}",
        notes=[first_line(error)],
        helps=["`--accelerator cpu --devices 1` works everywhere"],
    )


def _require_room(recipe: Recipe, trainer: lightning.Trainer) -> None:
    """Raise ArchError for more processes than one machine, or one batch, has a use for."""
    most = max(2, os.cpu_count() or 1)
    if isinstance(trainer.accelerator, CPUAccelerator) and trainer.num_devices > most:
        raise ArchError(
            DevicesRefused(
                None,
                f"`--devices {recipe.devices}` would start {trainer.num_devices:,} processes on {most} processors",
                helps=[f"take `--devices {most}` or fewer"],
            )
        )
    if trainer.world_size > recipe.batch_size:
        raise ArchError(
            DevicesRefused(
                None,
                f"a batch of {recipe.batch_size:,} images can't be shared by {trainer.world_size:,} processes",
                helps=[f"take `--batch-size {trainer.world_size}` or more, or fewer `--devices`"],
            )
        )


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
