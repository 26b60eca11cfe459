"""Layers one by one: names and what they take, and a bound on how many."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.analysis import dataflow as module
from archdsl.analysis.instances import instances
from archdsl.analysis.state import state


@pytest.mark.parametrize("name", ["densenet121", "googlenet", "resnet18", "shufflenet_v2_x0_5"])
def test_names_and_shapes_are_those_of_the_module(name: str) -> None:
    import torch

    network = archdsl.load(name)
    with torch.device("meta"):
        tensors = network.module().state_dict()
    assert {each.name: each.shape for each in state(network.architecture)} == {
        key: tuple(each.shape) for key, each in tensors.items()
    }


def test_what_comes_before() -> None:
    network = archdsl.loads("arch net\ninput 3x8x8\nconv3-8 bn\nresidual<conv3-8 relu>\ngap fc-2\n")
    found = {each.name: each for each in instances(network.architecture)}
    assert found["bn"].follows is found["conv"]
    assert found["gap"].before is None


def test_too_many_to_go_through_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    network = archdsl.loads("arch net\ninput 3x8x8\n[conv3-3 relu] x1000000\n")
    with pytest.raises(archdsl.ArchError, match=r"error\[too-many-copies\]: `net` has more than 100,000 layers"):
        instances(network.architecture)
    monkeypatch.setattr(module, "AT_MOST", 3)
    assert len(instances(archdsl.loads("arch net\ninput 3x8x8\n[conv3-3] x3\n").architecture)) == 3
