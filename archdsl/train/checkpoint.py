"""The state of a training between two steps, in one file of safetensors, so that no part can be older than another.

Tensors are the weights, the best weights so far and the optimizer's; all else is JSON in the file's metadata.
Nothing is ever unpickled. Random generators have no state here: see `randomness`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from archdsl.record import record
from archdsl.writing import Kept

VERSION = "1"

WEIGHTS, BEST, OPTIMIZER = "weights/", "best/", "optimizer/"


@record
class Epoch:
    """What came of an epoch; means over its images. Validation is None where nothing was held out for it."""

    epoch: int
    train_loss: float
    train_accuracy: float
    val_loss: float | None
    val_accuracy: float | None
    lr: float
    seconds: float
    images_per_second: float


@dataclass
class State:
    """Where a training is: `epoch` epochs and `step` steps of the next one are done."""

    network: str
    """A fingerprint of the network, so that a state isn't given to another."""
    epoch: int = 0
    step: int = 0
    totals: tuple[float, ...] = ()
    """Sums over the steps of an epoch that is not finished."""
    seconds: float = 0.0
    history: list[Epoch] = field(default_factory=list)
    best_epoch: int | None = None
    scheduler: dict[str, Any] | None = None
    scaler: dict[str, Any] = field(default_factory=dict)
    weights: dict[str, Tensor] = field(default_factory=dict)
    best: dict[str, Tensor] = field(default_factory=dict)
    optimizer: dict[str, Any] | None = None


def write(path: Path, state: State) -> None:
    """Write a state in place of the one before, whole or not at all. Raises OSError."""
    tensors = {f"{WEIGHTS}{name}": tensor for name, tensor in state.weights.items()}
    tensors |= {f"{BEST}{name}": tensor for name, tensor in state.best.items()}
    document = {
        name: getattr(state, name)
        for name in ("network", "epoch", "step", "totals", "seconds", "best_epoch", "scheduler", "scaler")
    }
    document["history"] = [asdict(each) for each in state.history]
    if state.optimizer is not None:
        document["optimizer"] = _flattened(state.optimizer, tensors)
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    metadata = {"archdsl-checkpoint": VERSION, "state": json.dumps(document)}
    Kept(path).write(save(plain, metadata))


def read(path: Path) -> State:
    """The state in a file. Raises OSError where there is none, or what is there is no checkpoint of ours."""
    if not path.is_file():
        raise OSError(f"there is no checkpoint `{path}`")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("archdsl-checkpoint") != VERSION:
                raise OSError(f"`{path}` is no checkpoint of this version")
            document = json.loads(metadata["state"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 — no mapping
        document["history"] = [Epoch(**each) for each in document["history"]]
        document["totals"] = tuple(document["totals"])
        if "optimizer" in document:
            document["optimizer"] = _restored(document["optimizer"], tensors)
        return State(**document, weights=_under(WEIGHTS, tensors), best=_under(BEST, tensors))
    except (SafetensorError, ValueError, KeyError, TypeError) as error:
        raise OSError(f"`{path}` is no checkpoint that can be read: {error}") from None


def _under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}


def _flattened(optimizer: Mapping[str, Any], tensors: dict[str, Tensor]) -> dict[str, Any]:
    """An optimizer's state as JSON; its tensors are put beside the others, under names."""
    states: dict[str, dict[str, Any]] = {}
    for key, values in optimizer["state"].items():
        kept = states[str(key)] = {}
        for name, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"{OPTIMIZER}{key}/{name}"] = value
                kept[name] = {"tensor": f"{OPTIMIZER}{key}/{name}"}
            else:
                kept[name] = {"value": value}
    whole = all(isinstance(key, int) for key in optimizer["state"])
    return {"states": states, "numbered": whole, "groups": optimizer["param_groups"]}


def _restored(document: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> dict[str, Any]:
    states = {
        int(key) if document["numbered"] else key: {
            name: tensors[each["tensor"]] if "tensor" in each else each["value"] for name, each in values.items()
        }
        for key, values in document["states"].items()
    }
    # JSON has no tuples, which an optimizer's options are, and its list is that of the parameters.
    groups = [
        {name: tuple(value) if isinstance(value, list) and name != "params" else value for name, value in group.items()}
        for group in document["groups"]
    ]
    return {"state": states, "param_groups": groups}
