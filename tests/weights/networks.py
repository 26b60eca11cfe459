"""Networks without memory: what a `state_dict` holds, by names and shapes alone."""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor

import archdsl
from archdsl.network import Network

SMALL = """
arch small(classes = 5)
input 3x16x16
stem: [conv3-8/2 bn relu]
layer1: [residual<conv1: conv3-8 bn1: bn relu conv2: conv3-8 bn2: bn | project> relu]
gap
fc: fc-{classes}
"""


def small(**parameters: int) -> Network:
    """A residual network of 5,000 numbers."""
    return archdsl.loads(SMALL, name="small.arch", **parameters)


def random_state(network: Network, seed: int = 0) -> dict[str, Tensor]:
    """A `state_dict` for a network, drawn so that no two tensors are equal."""
    generator = torch.Generator().manual_seed(seed)
    with torch.device("meta"):
        module = network.module()
    return {
        name: torch.zeros(shape.shape, dtype=shape.dtype)
        if shape.dtype == torch.int64
        else torch.rand(shape.shape, generator=generator) + 0.5
        for name, shape in module.state_dict().items()
    }


@cache
def meta_state(model: str) -> dict[str, Tensor]:
    """The `state_dict` of torchvision's model, without numbers."""
    import torchvision

    arguments = {"init_weights": False} if model in ("googlenet", "inception_v3") else {}
    with torch.device("meta"):
        held: dict[str, Tensor] = getattr(torchvision.models, model)(weights=None, **arguments).state_dict()
    return held
