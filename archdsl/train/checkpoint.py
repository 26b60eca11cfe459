"""The state of a training between two steps, in one file of safetensors, so that no part can be older than another.

Tensors are the weights, the best weights so far and the optimizer's; all else is JSON in the file's metadata.
Nothing is ever unpickled. Random generators have no state here: see `randomness`. A digest over all of it says whether
the file is still what was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict, NonNegativeFloat, NonNegativeInt, TypeAdapter, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from archdsl.record import record
from archdsl.writing import Kept

VERSION = "2"

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
    begun: dict[str, Any] = field(default_factory=dict)
    """What the training was begun with, its recipe and its images, so that it doesn't go on with something else."""
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
        for name in ("network", "begun", "epoch", "step", "totals", "seconds", "best_epoch", "scheduler", "scaler")
    }
    document["history"] = [asdict(each) for each in state.history]
    if state.optimizer is not None:
        document["optimizer"] = _flattened(state.optimizer, tensors)
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    text = json.dumps(document)
    metadata = {"archdsl-checkpoint": VERSION, "state": text, "digest": _digest(text, plain)}
    Kept(path).write(save(plain, metadata))


def read(path: Path) -> State:
    """The state in a file. Raises OSError where there is none, or what is there isn't what was written."""
    if not path.is_file():
        raise OSError(f"there is no checkpoint `{path}`")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            if metadata.get("archdsl-checkpoint") != VERSION:
                raise ValueError("it is of another version, or of another program")
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 — no mapping
        if metadata["digest"] != _digest(metadata["state"], tensors):
            raise ValueError("it was changed after it was written")
        return _state(_DOCUMENT.validate_json(metadata["state"]), tensors)
    except (SafetensorError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise OSError(f"`{path}` is no checkpoint that can be read: {_reason(error)}") from None


class _Document(BaseModel):
    """What `write` puts down beside the tensors. The digest says that it is ours, and this that it makes sense."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False)

    network: str
    begun: dict[str, Any]
    epoch: NonNegativeInt
    step: NonNegativeInt
    totals: list[float]
    seconds: NonNegativeFloat
    best_epoch: NonNegativeInt | None
    scheduler: dict[str, Any] | None
    scaler: dict[str, Any]
    history: list[Epoch]
    optimizer: dict[str, Any] | None = None


_DOCUMENT = TypeAdapter(_Document)


def _state(said: _Document, tensors: Mapping[str, Tensor]) -> State:
    """Raises ValueError, KeyError and TypeError for what doesn't belong together."""
    values = {name: getattr(said, name) for name in type(said).model_fields}
    weights, best = _under(WEIGHTS, tensors), _under(BEST, tensors)
    if [each.epoch for each in said.history] != list(range(1, said.epoch + 1)):
        raise ValueError(f"{said.epoch} epochs are done, and their figures are of {len(said.history)}")
    if len(said.totals) != (3 if said.step else 0):
        raise ValueError("the sums of its last epoch are not all there")
    if (said.best_epoch is None) != (not best) or (best and not 1 <= (said.best_epoch or 0) <= said.epoch):
        raise ValueError("the best weights are of no epoch that is done")
    if said.optimizer is not None:
        values["optimizer"] = _restored(said.optimizer, tensors)
    return State(**values | {"totals": tuple(said.totals), "weights": weights, "best": best})


def _digest(text: str, tensors: Mapping[str, Tensor]) -> str:
    """A hash over a state's text and the names, types, shapes and bytes of its tensors."""
    found = hashlib.sha256(text.encode())
    for name, tensor in sorted(tensors.items()):
        found.update(f"\0{name}\0{tensor.dtype}{tuple(tensor.shape)}\0".encode())
        found.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return found.hexdigest()


def _reason(error: Exception) -> str:
    if isinstance(error, KeyError):
        return f"it lacks {error}"
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False)[0]
        return f"`{'.'.join(map(str, first['loc']))}`: {first['msg'].lower()}"
    return " ".join(str(error).split())[:200]


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
