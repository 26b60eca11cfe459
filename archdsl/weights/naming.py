"""What others call the tensors that we need: wrappers' prefixes, old keys, other frameworks' words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Sequence

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
    prefix = _prefix(list(names.values()), needed)
    if prefix:
        count = sum(name.startswith(prefix) for name in names.values())
        every = "every name" if count == len(names) else f"{count} of {len(names)} names"
        notes.append(f"`{prefix}` is ahead of {every} and was left out")
        names = {name: meant.removeprefix(prefix) for name, meant in names.items()}
    mended = {name: _OLD_DENSENET.sub(r"\1\2", meant) for name, meant in names.items()}
    if _known(mended, needed) > _known(names, needed):
        notes.append("old keys of torchvision's DenseNets (`norm.1`) are read as new ones (`norm1`)")
        names = mended
    return names, notes


def _known(names: dict[str, str], needed: Collection[str]) -> int:
    return len(set(names.values()) & set(needed))


def _prefix(names: Sequence[str], needed: Collection[str]) -> str:
    """What stands ahead of needed names: of all names, or of most of what is needed beside other things."""
    wanted = set(needed)
    known: Counter[str] = Counter()
    ahead: Counter[str] = Counter()
    for name in set(names):
        start = 0
        while True:
            ahead[name[:start]] += 1
            known[name[:start]] += name[start:] in wanted
            start = name.find(".", start) + 1
            if not start:
                break
    everywhere = ahead[""]
    best = max(known, key=lambda each: (known[each], ahead[each], -len(each)), default="")
    enough = known[best] > known[""] and (ahead[best] == everywhere or 2 * known[best] >= len(wanted))
    return best if enough else ""
