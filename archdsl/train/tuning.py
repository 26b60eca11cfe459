"""Frozen means frozen: no gradient, statistics fixed, and what is left to chance in front of it switched off."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from torch import Tensor, nn

from archdsl.recipes.tuning import BadTune, trained
from archdsl.record import record

__all__ = ["BadTune", "Part", "Tuning", "fingerprints", "layers"]


@record
class Part:
    """A child of the network: how many of its parameters train, of how many."""

    name: str
    trains: int
    params: int


def layers(network: nn.Module, auxiliary: Mapping[str, object] = {}) -> list[str]:
    """The layers with weights in their order: convolutions and linear ones, whose weights have two axes or more.

    A normalization belongs to the layer before it. Auxiliary outputs are no part of the way to the top.
    """
    return [
        name
        for name, module in network.named_modules()
        if name.partition(".")[0] not in auxiliary
        and any(parameter.ndim > 1 for parameter in module.parameters(recurse=False))
    ]


class Tuning:
    """Which tensors train. Making it sets `requires_grad` of each parameter, and `apply` the mode of each module."""

    def __init__(self, network: nn.Module, tune: str, auxiliary: Mapping[str, object] = {}) -> None:
        self.network = network
        named = dict(network.named_modules())
        found = layers(network, auxiliary)
        chosen = trained(tune, found, [name for name in named if name])
        self.everything = chosen is None
        self._trains = {name: chosen is None or _within(name, chosen) for name in named}
        if chosen is not None and set(chosen) <= set(found):
            self._with_followers(found)
        for name, module in named.items():
            for parameter in module.parameters(recurse=False):
                # On each tensor itself: a module has no such switch, and setting it there does nothing.
                parameter.requires_grad_(self._trains[name])
        self._frozen = [] if self.everything else list(self._still())

    def _with_followers(self, found: list[str]) -> None:
        """Let what has weights of one axis, a normalization, go with the layer before it."""
        last = False
        for name, module in self.network.named_modules():
            if name in found:
                last = self._trains[name]
            elif any(True for _ in module.parameters(recurse=False)):
                self._trains[name] = last

    def _still(self) -> Iterator[nn.Module]:
        """The modules that stay in evaluation. One without weights, a dropout, goes with the next that has some."""
        pending: list[nn.Module] = []
        for name, module in self.network.named_modules():
            if any(True for _ in module.children()):
                continue
            if not any(True for _ in module.parameters(recurse=False)) and not any(True for _ in module.buffers()):
                pending.append(module)
                continue
            if not self._trains[name]:
                yield from (*pending, module)
            pending = []

    def apply(self) -> None:
        """Put what is frozen into evaluation; to be called whenever the network is put into training."""
        for module in self._frozen:
            module.training = False

    @property
    def frozen(self) -> list[str]:
        """The names in the `state_dict` of all that may not change: parameters, and buffers such as statistics."""
        if self.everything:
            return []
        still = set(map(id, self._frozen))
        fixed = [name for name, parameter in self.network.named_parameters() if not parameter.requires_grad]
        return fixed + [
            f"{name}.{key}" if name else key
            for name, module in self.network.named_modules()
            if id(module) in still
            for key, _ in module.named_buffers(recurse=False)
        ]

    def parts(self) -> list[Part]:
        """What trains of each child of the network that has parameters."""
        found = []
        for name, child in self.network.named_children():
            params = list(child.parameters())
            if params:
                trains = sum(each.numel() for each in params if each.requires_grad)
                found.append(Part(name, trains, sum(each.numel() for each in params)))
        return found


def fingerprints(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """A hash of each tensor's bytes, shape and type."""
    return {
        name: hashlib.sha256(
            f"{tensor.dtype}{tuple(tensor.shape)}".encode() + tensor.detach().cpu().contiguous().numpy().tobytes()
        ).hexdigest()
        for name, tensor in tensors.items()
    }


def _within(name: str, chosen: tuple[str, ...]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in chosen)
