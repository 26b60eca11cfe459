"""Every way in which PyTorch takes a module elsewhere: scripted, traced, exported, compiled, pickled, copied."""

from __future__ import annotations

import copy
import io
import pickle
import warnings
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from .specs_here import NAMES, batch, network

LIGHT = tuple(name for name in NAMES if name not in ("fcn8s", "alexnet", "inception_v3", "densenet121", "mnasnet0_5"))
"""Those that are quick to take apart; the others are of the same pieces."""


def scripted(net: nn.Module, x: Tensor) -> Tensor:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        return torch.jit.script(net)(x)  # type: ignore[no-any-return]


def traced(net: nn.Module, x: Tensor) -> Tensor:
    return torch.fx.symbolic_trace(net)(x)  # type: ignore[no-any-return]


def exported(net: nn.Module, x: Tensor) -> Tensor:
    return torch.export.export(net, (x,)).module()(x)  # type: ignore[no-any-return]


def compiled(net: nn.Module, x: Tensor) -> Tensor:
    torch._dynamo.reset()
    return torch.compile(net, fullgraph=True, backend="eager")(x)  # type: ignore[no-any-return]


def copied(net: nn.Module, x: Tensor) -> Tensor:
    kept = io.BytesIO(pickle.dumps(net))
    assert torch.equal(pickle.load(kept)(x), net(x))
    return copy.deepcopy(net)(x)  # type: ignore[no-any-return]


@pytest.mark.parametrize("way", [scripted, traced, copied])
@pytest.mark.parametrize("name", LIGHT)
def test_cheap_ways(name: str, way: Callable[[nn.Module, Tensor], Tensor]) -> None:
    net, x = network(name).module().eval(), batch(name)
    with torch.no_grad():
        assert torch.equal(way(net, x), net(x))


@pytest.mark.parametrize("way", [exported, compiled])
@pytest.mark.parametrize("name", ["unet", "convnext", "resnet1d", "squeezenet1_1"])
def test_dear_ways(name: str, way: Callable[[nn.Module, Tensor], Tensor]) -> None:
    net, x = network(name).module().eval(), batch(name)
    with torch.no_grad():
        assert torch.equal(way(net, x), net(x))


@pytest.mark.parametrize("way", [scripted, traced, exported, compiled, copied])
def test_tensors_from_inside_a_container(way: Callable[[nn.Module, Tensor], Tensor]) -> None:
    from archdsl.network import loads

    text = (
        "arch net\ninput 3x8x8\nbody: [conv3-4 relu  mid: maxpool  relu  conv3-4 relu  last: maxpool]\n"
        "deconv2-4/2\nadd<identity | @body.mid>\n"
    )
    net, x = loads(text).module().eval(), torch.rand(2, 3, 8, 12)
    with torch.no_grad():
        assert torch.equal(way(net, x), net(x))
