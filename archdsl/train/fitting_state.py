"""Whether what a checkpoint kept of an optimizer and of a schedule is of the ones that it is given back to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from torch import Tensor
from torch.optim import SGD, Optimizer

_ADAM = frozenset({"step", "exp_avg", "exp_avg_sq"})
_SGD = frozenset({"momentum_buffer"})


def require_optimizer(optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """Raise ValueError where an optimizer's state is of other parameters, or of another optimizer.

    Its options come of the recipe, so that they are equal; the rate alone may have fallen. The state of one that lies
    in parts is its strategy's to check.
    """
    if not all(isinstance(key, int) for key in state["state"]):
        return
    fresh = optimizer.state_dict()["param_groups"]
    if len(fresh) != len(state["param_groups"]):
        raise ValueError("it has other groups of parameters")
    for group, kept in zip(fresh, state["param_groups"], strict=True):
        require_schedule({"lr": group["lr"]}, {"lr": kept.get("lr")})
        differ = [name for name in group.keys() | kept.keys() if name != "lr" and group.get(name) != kept.get(name)]
        if differ:
            raise ValueError(f"`{differ[0]}` is {kept.get(differ[0])!r}")
    parameters = [each for group in optimizer.param_groups for each in group["params"]]
    held = _SGD if isinstance(optimizer, SGD) else _ADAM
    for number, values in state["state"].items():
        if not 0 <= number < len(parameters) or values.keys() != held:
            raise ValueError(f"it holds {sorted(values)} of parameter {number}")
        for name, value in values.items():
            # Without momentum there is nothing to keep.
            if value is None and held is _SGD:
                continue
            wanted = () if name == "step" else tuple(parameters[number].shape)
            if not isinstance(value, Tensor) or tuple(value.shape) != wanted or not value.is_floating_point():
                raise ValueError(f"`{name}` of parameter {number} has another shape")
            if name == "step" and not 0 <= float(value) < math.inf:
                raise ValueError(f"parameter {number} has taken {float(value)} steps")


def require_schedule(fresh: Mapping[str, Any], kept: Mapping[str, Any]) -> None:
    """Raise ValueError where what was kept of a schedule hasn't the names and kinds of values of a fresh one."""
    if fresh.keys() != kept.keys():
        raise ValueError(f"the schedule has {sorted(fresh)}, and {sorted(kept)} were kept")
    for name, value in fresh.items():
        if not _alike(value, kept[name]):
            raise ValueError(f"`{name}` is {kept[name]!r}")


def _alike(fresh: Any, kept: Any) -> bool:
    if isinstance(fresh, list):
        return (
            isinstance(kept, list)
            and len(kept) == len(fresh)
            and all(_alike(one, other) for one, other in zip(fresh, kept, strict=True))
        )
    if type(fresh) not in (int, float):
        return type(kept) is type(fresh) and bool(kept == fresh)
    if type(kept) not in (int, float) or (type(fresh) is int and type(kept) is not int):
        return False
    # A count of epochs that isn't none is none of those that are divided by.
    return bool((math.isfinite(kept) or kept == fresh) and kept >= (1 if type(fresh) is int and fresh > 0 else 0))
