"""Files of weights, read without running anything of them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics import ArchError
from archdsl.diagnostics.missing import require
from archdsl.reading import open_file
from archdsl.record import record
from archdsl.weights.files import UnreadableWeights, WeightsWithCode
from archdsl.weights.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import Tensor

PREPROCESSING = "archdsl.preprocessing"
"""The key of the pre-processing in the metadata of a file."""

CLASSES = "archdsl.classes"
"""The key of the names of the classes."""

INNER = ("state_dict", "model_state_dict", "model", "net", "network", "weights", "params")
"""Where checkpoints of training loops keep the weights."""

_PICKLES = (b"PK\x03\x04", b"\x80")
"""What PyTorch's files begin with: a zip archive, and the pickle of old ones."""

_HEADER = 8
"""Where the header of a safetensors file begins, an object of JSON behind its length."""


@record
class Weights:
    """Tensors by name, and what is known of them."""

    name: str
    """What messages call them."""
    tensors: Mapping[str, Tensor]
    ordered: bool = True
    """Whether the order of the tensors is that in which they were registered; safetensors keeps none."""
    metadata: Mapping[str, str] = field(default_factory=dict)
    preprocessing: Preprocessing | None = None
    """What images go through first, where that is known."""
    classes: tuple[str, ...] = ()
    """The names of the classes, where they are known."""
    inside: str | None = None
    """Under which key of a checkpoint they were."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The sizes of each tensor, by name."""
        return {name: tuple(tensor.shape) for name, tensor in self.tensors.items()}


def from_tensors(tensors: Mapping[str, Tensor], name: str = "<tensors>") -> Weights:
    """Weights that are in memory, such as a `state_dict`. Raises TypeError where a value is no tensor."""
    import torch

    for key, value in tensors.items():
        if not isinstance(value, torch.Tensor):
            raise TypeError(f"weights are tensors, got {type(value).__name__} for {key!r}")
    return Weights(name, dict(tensors))


def read_weights(path: str | Path) -> Weights:
    """The tensors of a safetensors file, or of one by `torch.save`, which is read with `weights_only=True`.

    The content says which it is, not the name. Raises ArchError for any other file, and for one with code in it, of
    which nothing is run; OSError for a file that can't be read, and ImportError without torch.
    """
    require("a file of weights", "torch", "safetensors")
    path = Path(path)
    with open_file(path) as file:
        start = file.read(_HEADER + 1)
    if start[_HEADER:] != b"{" and (start.startswith(_PICKLES) or not start):
        return _pickled(path)
    return _safetensors(path)


def _safetensors(path: Path) -> Weights:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(str(path), "pt") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 — it is no dict
    except SafetensorError as error:
        raise ArchError(_unreadable(path, str(error))) from None
    preprocessing = None
    if PREPROCESSING in metadata:
        try:
            preprocessing = Preprocessing.from_json(metadata[PREPROCESSING])
        except ValueError as error:
            raise ArchError(_unreadable(path, f"its pre-processing makes no sense: {error}")) from None
    try:
        classes = json.loads(metadata.get(CLASSES, "[]"))
        if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
            raise ValueError("they are no list of texts")
    except (ValueError, RecursionError) as error:
        raise ArchError(_unreadable(path, f"the names of its classes make no sense: {error}")) from None
    return Weights(str(path), tensors, False, metadata, preprocessing, tuple(classes))


def _pickled(path: Path) -> Weights:
    import torch

    # Not by the path, which PyTorch looks at for a suffix.
    with open_file(path) as file:
        try:
            held = torch.load(file, map_location="cpu", weights_only=True)
        except Exception as error:
            # What a broken or hostile file makes of the reader is anything; of its own it runs nothing.
            raise ArchError(_refused(path, str(error))) from None
    inside, tensors = _tensors(held)
    if tensors is None:
        raise ArchError(_unreadable(path, f"it holds {_kind(held)}, and no tensors by name"))
    return Weights(str(path), tensors, inside=inside)


def _tensors(held: Any) -> tuple[str | None, dict[str, Any] | None]:
    """The tensors of what a file holds, and the key that they are under."""
    if not isinstance(held, Mapping):
        return None, None
    own = _only_tensors(held)
    if own:
        return None, own
    for key in INNER:
        if key in held and isinstance(held[key], Mapping) and (inner := _only_tensors(held[key])):
            return key, inner
    return None, None


def _only_tensors(held: Mapping[Any, Any]) -> dict[str, Any] | None:
    """The tensors by name; None where values are something else, which a module's own extra state may be."""
    import torch

    found = {key: value for key, value in held.items() if isinstance(value, torch.Tensor)}
    others = [key for key in held if key not in found and not str(key).endswith("_extra_state")]
    return found if found and not others and all(isinstance(key, str) for key in found) else None


def _kind(held: Any) -> str:
    if isinstance(held, Mapping):
        keys = ", ".join(f"`{key}`" for key in list(held)[:10])
        return f"a dictionary of {keys}" if keys else "an empty dictionary"
    return f"a value of type {type(held).__name__}"


def _refused(path: Path, problem: str) -> UnreadableWeights | WeightsWithCode:
    found = re.search(r"GLOBAL ([\w.]+)", problem) or re.search(r"`?([\w.]+)`? was not an allowed global", problem)
    if found is None and "Unsupported class" in problem:
        found = re.search(r"Unsupported class ([\w.]+)", problem)
    if found is None:
        return _unreadable(path, problem)
    return WeightsWithCode(
        None,
        f"`{path}` would run code when it is read, `{found[1]}`; it was refused, and nothing of it ran",
        helps=["save a model's `state_dict()`, or safetensors, which hold no code"],
    )


def _unreadable(path: Path, problem: str) -> UnreadableWeights:
    first = problem.strip().splitlines()[0][:200] if problem.strip() else "nothing is in it"
    return UnreadableWeights(
        None,
        f"`{path}` is no file of weights, or a broken one",
        notes=[first],
        helps=["weights are safetensors, or a dictionary of tensors by `torch.save`"],
    )
