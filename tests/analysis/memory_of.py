"""What torch itself takes of memory: storages that autograd keeps, and the peak of those that are alive."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves


def _state(module: nn.Module) -> set[int]:
    return {each.untyped_storage()._cdata for each in (*module.parameters(), *module.buffers())}


def kept(module: nn.Module, x: Tensor) -> int:
    """Bytes of the distinct storages that a forward pass in training keeps, weights and buffers aside."""
    state = _state(module)
    found: dict[int, Tensor] = {}

    def pack(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()._cdata
        if storage not in state:
            found[storage] = tensor
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        # Held, so that no storage's place is taken by another.
        output = module.train()(x)
    assert any(each.requires_grad for each in tree_leaves(output))
    return sum(tensor.untyped_storage().nbytes() for tensor in found.values())


class _Alive(TorchDispatchMode):
    """Follows every storage that an operation returns, to its end."""

    def __init__(self, known: set[int]) -> None:
        super().__init__()
        self.known = known
        self.now = self.peak = 0

    def __torch_dispatch__(
        self,
        function: Callable[..., Any],
        types: Sequence[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        made = function(*args, **(kwargs or {}))
        for each in tree_leaves(made):
            if isinstance(each, Tensor):
                self.add(each)
        return made

    def add(self, tensor: Tensor) -> None:
        storage = tensor.untyped_storage()
        if storage._cdata in self.known:
            return
        self.known.add(storage._cdata)
        self.change(storage.nbytes())
        weakref.finalize(storage, self.drop, storage._cdata, storage.nbytes())

    def drop(self, storage: int, size: int) -> None:
        self.known.discard(storage)
        self.change(-size)

    def change(self, size: int) -> None:
        self.now += size
        self.peak = max(self.peak, self.now)


def peak(module: nn.Module, x: Tensor) -> int:
    """The most bytes that are alive at one moment of a forward pass in inference, with the input, without weights."""
    alive = _Alive(_state(module))
    alive.add(x)
    with torch.no_grad(), alive:
        module.eval()(x)
    return alive.peak
