"""Networks of torchvision: its keys in its order, its outputs and gradients to the last bit, its figures."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

import archdsl

from .specs_under_test import TORCHVISION


def theirs(name: str, **arguments: int) -> nn.Module:
    model: nn.Module = getattr(torchvision.models, name)(weights=None, **arguments)
    return model


@pytest.mark.parametrize("name", TORCHVISION)
def test_figures(name: str) -> None:
    parameters, gmacs, smallest = TORCHVISION[name]
    shapes = archdsl.load(name).shapes()
    assert shapes.params == parameters
    assert round(shapes.macs / 1e9, 3) == gmacs
    assert shapes.smallest_input == smallest


@pytest.mark.parametrize("name", TORCHVISION)
def test_weights_outputs_and_gradients(name: str) -> None:
    reference, ours = theirs(name), archdsl.load(name).module()
    assert list(ours.state_dict()) == list(reference.state_dict())
    ours.load_state_dict(reference.state_dict(), strict=True)

    side = 32 if name.startswith("vgg") else 33
    torch.manual_seed(0)
    image, batch = torch.rand(1, 3, side, 2 * side), torch.rand(2, 3, side, side)
    for model in (ours, reference):
        model.eval()
    with torch.no_grad():
        assert torch.equal(ours(image), reference(image))

    gradients = []
    for model in (ours, reference):
        model.train()
        # Dropout draws the same for both.
        torch.manual_seed(1)
        model(batch).square().mean().backward()
        gradients.append({key: weight.grad for key, weight in model.named_parameters()})
    assert gradients[0].keys() == gradients[1].keys()
    for key, gradient in gradients[0].items():
        assert torch.equal(gradient, gradients[1][key]), key


def test_another_number_of_classes() -> None:
    reference, ours = theirs("resnet18", num_classes=7), archdsl.load("resnet18", classes=7).module()
    ours.load_state_dict(reference.state_dict(), strict=True)
    # The number of classes changes no structure, so that it stays a parameter of the class.
    again = type(archdsl.load("resnet18").module())(classes=7)
    again.load_state_dict(reference.state_dict(), strict=True)


def test_a_difference_would_be_seen() -> None:
    reference, ours = theirs("resnet18"), archdsl.load("resnet18").module()
    ours.load_state_dict(reference.state_dict())
    with torch.no_grad():
        next(reference.parameters()).view(-1)[0] += 1e-3
        image = torch.rand(1, 3, 64, 64)
        assert not torch.equal(ours.eval()(image), reference.eval()(image))
