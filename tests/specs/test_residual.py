"""The identity property: with its main path at zero, a residual block is the identity on what a ReLU leaves."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import archdsl


@pytest.mark.parametrize("name", ["resnet18", "resnet50"])
def test_block_with_zero_main_path_is_the_identity(name: str) -> None:
    network = archdsl.load(name).module().eval()
    block = network.get_submodule("layer1.1")
    with torch.no_grad():
        for weight in block.parameters():
            weight.zero_()
    arriving = torch.rand(2, 64 if name == "resnet18" else 256, 9, 7)
    assert torch.equal(block(arriving), arriving)


def test_it_is_not_with_other_weights() -> None:
    block = archdsl.load("resnet18").module().eval().get_submodule("layer1.1")
    for each in block.modules():
        if isinstance(each, nn.Conv2d):
            nn.init.ones_(each.weight)
    arriving = torch.rand(2, 64, 9, 7)
    assert not torch.equal(block(arriving), arriving)
