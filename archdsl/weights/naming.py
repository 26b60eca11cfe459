"""What others call the tensors that we need: wrappers' prefixes, old keys, other frameworks' words."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

ROLES = {
    "weight": "weight",
    "kernel": "weight",
    "depthwise_kernel": "weight",
    "gamma": "weight",
    "scale": "weight",
    "bias": "bias",
    "beta": "bias",
    "offset": "bias",
    "running_mean": "running_mean",
    "moving_mean": "running_mean",
    "mean": "running_mean",
    "running_var": "running_var",
    "moving_variance": "running_var",
    "moving_var": "running_var",
    "var": "running_var",
    "num_batches_tracked": "num_batches_tracked",
}
"""PyTorch's word for a tensor of a module by that of PyTorch, Keras or Flax."""

# torchvision's DenseNets were published when a module's name might have a dot, and it mends their keys like this.
_OLD_DENSENET = re.compile(r"(.*denselayer[0-9]+\.(?:norm|relu|conv))\.([12]\.[a-z_]+)")


def split(name: str) -> tuple[str, str]:
    """The path of a module and what it calls the tensor; Keras writes `stem/conv/kernel:0`."""
    path, _, role = re.sub(r":[0-9]+$", "", name).replace("/", ".").rpartition(".")
    return path, role


def plain(name: str) -> str:
    """A name as PyTorch would have it, other frameworks' separators and words put into its own."""
    path, role = split(name)
    role = ROLES.get(role, role)
    return f"{path}.{role}" if path else role


def renamed(found: Iterable[str], needed: Collection[str]) -> tuple[dict[str, str], list[str]]:
    """What each name of a file is meant as, and remarks on what was read differently.

    Every step is for all names, and taken only where more of them are then needed ones. The prefixes are those of
    wrappers (`DataParallel`, `torch.compile`, Lightning) and of whatever else a network was part of.
    """
    names = {name: name for name in found}
    notes: list[str] = []
    words = {name: plain(name) for name in names}
    if _known(words, needed) > _known(names, needed):
        notes.append("`kernel`, `gamma`, `moving_mean` and the like are read as PyTorch's words")
        names = words
    ahead = _common(names.values())
    prefix = max(ahead, key=lambda each: _known(_without(each, names), needed))
    if _known(_without(prefix, names), needed) > _known(names, needed):
        notes.append(f"`{prefix}` is ahead of every name and was left out")
        names = _without(prefix, names)
    mended = {name: _OLD_DENSENET.sub(r"\1\2", meant) for name, meant in names.items()}
    if _known(mended, needed) > _known(names, needed):
        notes.append("old keys of torchvision's DenseNets (`norm.1`) are read as new ones (`norm1`)")
        names = mended
    return names, notes


def _known(names: dict[str, str], needed: Collection[str]) -> int:
    return len(set(names.values()) & set(needed))


def _without(prefix: str, names: dict[str, str]) -> dict[str, str]:
    return {name: meant[len(prefix) :] for name, meant in names.items()}


def _common(names: Iterable[str]) -> list[str]:
    """The beginnings, of whole words, that all names share; the empty one first."""
    words = [name.split(".")[:-1] for name in names]
    found = [""]
    for level in zip(*words, strict=False):
        if len(set(level)) > 1:
            break
        found.append(f"{found[-1]}{level[0]}.")
    return found
