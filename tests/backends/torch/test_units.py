"""Layers that come together often in a container become calls of one function, and nothing else changes."""

from __future__ import annotations

import pytest
import torch

from archdsl.network import loads

AFTER = "after conv [bn relu]\n"
BODY = "features: [conv3-8 conv3-8 maxpool conv3-16 conv3-16 maxpool conv3-16 x3]\n"


def source(body: str, after: str = AFTER) -> str:
    return loads(f"arch net\ninput 3x16x16\n{after}{body}").source()


def test_a_function_and_its_calls() -> None:
    text = source(BODY)
    assert "def conv(in_channels: int, out_channels: int) -> list[nn.Module]:" in text
    assert "*conv(3, 8) + conv(8, 8),\n" in text
    assert "*conv(8, 16) + conv(16, 16),\n" in text
    assert "*conv(16, 16) + conv(16, 16) + conv(16, 16),\n" in text


def test_names_and_numbers_are_those_without_it() -> None:
    network = loads(f"arch net\ninput 3x16x16\n{AFTER}{BODY}")
    module = network.module().eval()
    convolutions = [key for key, each in module.named_modules() if isinstance(each, torch.nn.Conv2d)]
    assert convolutions == [f"features.{place}" for place in (0, 3, 7, 10, 14, 17, 20)]
    assert sum(weight.numel() for weight in module.parameters()) == network.shapes().params
    assert module(torch.rand(1, 3, 16, 16)).shape == (1, *network.output)


@pytest.mark.parametrize(
    "body",
    [
        "features: [conv3-8 conv3-8 maxpool conv3-16]\n",  # too few to be worth it
        "features: [conv3-8 conv5-8 conv7-16 conv9-16 conv11-16 conv13-8 conv15-8]\n",  # differ in more than channels
        "a: conv3-8 b: conv3-8 c: conv3-16 d: conv3-16 e: conv3-16 f: conv3-8 g: conv3-8\n",  # no container
    ],
)
def test_where_it_would_be_no_gain(body: str) -> None:
    assert "def conv(" not in source(body)


def test_a_unit_begins_with_weights() -> None:
    text = source(f"features: [relu {'conv3-8 relu conv3-8 relu conv3-16 relu ' * 3}]\n", "")
    assert '"""Layers that come together: conv, relu."""' in text


def test_what_only_a_class_knows_stays_in_it() -> None:
    text = loads(
        "arch net(k = 8)\ninput 3x16x16\nafter conv [bn relu]\n"
        "features: [conv3-{k} conv3-{k} conv3-{k} conv3-{k} conv3-{k} conv3-{k} conv3-{k}]\n"
    ).source()
    assert "def conv(" not in text


def test_two_containers_with_other_units() -> None:
    text = source(BODY + BODY.replace("features", "more").replace("conv3", "conv5"))
    assert text.count("def conv(") == text.count("def conv2(") == 1
    assert text.count("nn.Conv2d(") == 2
    assert "*conv2(16, 8) + conv2(8, 8),\n" in text
