"""What came of a training."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from archdsl.recipes.run_folder import Run
from archdsl.record import record
from archdsl.train.checkpoint import Epoch
from archdsl.train.preparation import Preparation
from archdsl.train.reading import Data


@record
class Result:
    """What came of a training. `metrics` is what `metrics.json` has; `scores` [N, classes] are of the test set."""

    run: Run
    metrics: dict[str, Any]
    history: tuple[Epoch, ...]
    scores: Tensor | None
    data: Data
    preparation: Preparation
    finished: bool
