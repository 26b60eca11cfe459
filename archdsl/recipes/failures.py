"""What can go wrong once a training has begun, as mistakes that have a place to look at and a way out."""

from __future__ import annotations

import os
import re

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.recipes.recipe import Recipe


class BatchTooLarge(Diagnostic):
    """A batch that takes more images than there are for training."""

    code = "batch-too-large"


class TooFewImages(Diagnostic):
    """A data set so small that nothing is left to learn from, or to test on, once the other parts are held out."""

    code = "too-few-images"


class DevicesRefused(Diagnostic):
    """Devices, a strategy or machines that a training was told to run on, and that there aren't."""

    code = "devices-refused"


class OutOfMemory(Diagnostic):
    """A step of a training takes more memory than its device has."""

    code = "out-of-memory"


class CompileRefused(Diagnostic):
    """A network that `torch.compile` can't compile, as it can't where there is no C++ compiler."""

    code = "compile-refused"


class LossNotFinite(Diagnostic):
    """A training whose loss became infinite or no number; it stops at once, and its last checkpoint is kept."""

    code = "loss-not-finite"


def check_images(recipe: Recipe, images: int, test: int) -> None:
    """Raise ArchError where there are no images to learn from or to test on, or a batch wants more than there are."""
    for count, what in ((images, "for training"), (test, "for the test")):
        if not count:
            raise ArchError(
                TooFewImages(
                    None,
                    f"of {recipe.data} no images are left {what}",
                    helps=["have more in each class, or fewer held out with `--validation`"],
                )
            )
    if recipe.batch_size > images:
        raise ArchError(
            BatchTooLarge(
                None,
                f"a batch of {recipe.batch_size:,} is more than the {images:,} images for training",
                helps=[f"take `--batch-size {images}` or less"],
            )
        )


STARTED = ("SLURM_PROCID", "TORCHELASTIC_RUN_ID", "NODE_RANK", "GROUP_RANK", "LSB_JOBID", "OMPI_COMM_WORLD_RANK")
"""Variables that whoever starts processes on several machines sets."""


def check_devices(recipe: Recipe) -> None:
    """Raise ArchError for devices that no training has a use for, or would wait for without end."""
    if re.search("spawn|fork|notebook", recipe.strategy):
        raise ArchError(
            DevicesRefused(
                None,
                f"`--strategy {recipe.strategy}` is for interpreters that somebody types into",
                helps=["`--strategy ddp` starts a command for each device"],
            )
        )
    if recipe.device_count is not None and not 1 <= recipe.device_count <= recipe.batch_size:
        said = (
            "one device at least" if not recipe.device_count else f"at most one for each of {recipe.batch_size} images"
        )
        raise ArchError(
            DevicesRefused(None, f"`--devices {recipe.devices}` can't share a batch", notes=[f"a batch takes {said}"])
        )
    if recipe.nodes > 1 and not any(name in os.environ for name in STARTED):
        raise ArchError(
            DevicesRefused(
                None,
                f"`--nodes {recipe.nodes}` would wait for machines that nobody starts",
                helps=["start it with srun or torchrun, or set NODE_RANK and MASTER_ADDR on each machine"],
            )
        )


def not_finite(recipe: Recipe, epoch: int, step: int | None, kept: int) -> ArchError:
    """The mistake of a loss that is no finite number; `kept` epochs stand in the checkpoint."""
    where = f"in epoch {epoch}" if step is None else f"in step {step} of epoch {epoch}"
    keeps = f"the checkpoint of epoch {kept} is kept" if kept else "it happened before the first checkpoint"
    helps = [f"take a learning rate below {recipe.rate:g}"]
    if recipe.precision == "16-mixed":
        helps.append("`--precision bf16-mixed` has the range of float32")
    return ArchError(LossNotFinite(None, f"the loss is no finite number any more {where}", notes=[keeps], helps=helps))
