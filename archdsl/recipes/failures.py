"""What can go wrong once a training has begun, as mistakes that have a place to look at and a way out."""

from __future__ import annotations

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.recipes.recipe import Recipe


class BatchTooLarge(Diagnostic):
    """A batch that takes more images than there are for training."""

    code = "batch-too-large"


class LossNotFinite(Diagnostic):
    """A training whose loss became infinite or no number; it stops at once, and its last checkpoint is kept."""

    code = "loss-not-finite"


def check_batch(recipe: Recipe, images: int) -> None:
    """Raise ArchError where a batch wants more images than there are."""
    if recipe.batch_size > images:
        raise ArchError(
            BatchTooLarge(
                None,
                f"a batch of {recipe.batch_size:,} is more than the {images:,} images for training",
                helps=[f"take `--batch-size {images}` or less"],
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
