"""Several processes that train one network together, as torchrun, SLURM and Lightning start them."""

from __future__ import annotations

import os


def is_first() -> bool:
    """Whether this process is the first of them, which alone speaks and writes."""
    return all(os.environ.get(name, "0") == "0" for name in ("RANK", "LOCAL_RANK", "SLURM_PROCID"))
