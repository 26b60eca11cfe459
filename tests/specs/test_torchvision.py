"""All classifiers of torchvision that are in the zoo: its keys in its order, its outputs and gradients, its figures."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import nn

import archdsl
from archdsl.network import Network

from .specs_under_test import TORCHVISION


def theirs(name: str, **arguments: int) -> nn.Module:
    """torchvision's network with weights and statistics of our own, which cost less than to initialise it twice."""
    if name in ("googlenet", "inception_v3"):
        arguments |= {"init_weights": False, "transform_input": False}
    with torch.device("meta"):
        model: nn.Module = getattr(torchvision.models, name)(weights=None, **arguments)
    model.to_empty(device="cpu")
    # Of odd length, so that no filter is another's copy.
    noise = torch.randn(2**16 + 1, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        for key, tensor in model.state_dict().items():
            if key.endswith("num_batches_tracked"):
                tensor.zero_()
                continue
            drawn = noise.repeat(tensor.numel() // len(noise) + 1)[: tensor.numel()].view_as(tensor)
            if tensor.dim() > 1:
                tensor.copy_(drawn * (2 / tensor[0].numel()) ** 0.5)
            else:
                tensor.copy_(drawn.abs() / 4 + 0.8 if key.endswith(("weight", "var")) else drawn / 8)
    return model


def with_weights_of(reference: nn.Module, network: Network) -> nn.Module:
    """The live module with another one's weights: the same memory, so that large networks are there once."""
    with torch.device("meta"):
        module = network.module()
    module.load_state_dict(reference.state_dict(), strict=True, assign=True)
    return module


@pytest.mark.parametrize("name", TORCHVISION)
def test_figures(name: str) -> None:
    published, network = TORCHVISION[name], archdsl.load(name)
    shapes = network.shapes()
    # torchvision counts the auxiliary heads of Inception v3, and not those of GoogLeNet.
    assert published.params == (shapes.inference_params if name == "googlenet" else shapes.params)
    assert round(shapes.macs / 1e9, 3) == published.gmacs
    assert shapes.smallest_input == published.min_input
    assert network.variant == name
    assert network.program.variants[name].reports == {"top1": published.top1, "recipe": published.recipe}


@pytest.mark.parametrize("name", TORCHVISION)
def test_weights_and_outputs(name: str) -> None:
    torch.manual_seed(0)
    reference, network = theirs(name).eval(), archdsl.load(name)
    ours = with_weights_of(reference, network).eval()
    assert list(ours.state_dict()) == list(reference.state_dict())
    side = max(33, TORCHVISION[name].min_input)
    image = torch.rand(1, 3, side, 2 * side)
    with torch.no_grad():
        output = reference(image)
        assert torch.equal(ours(image), output)
    assert output.isfinite().all()
    assert output.std() > 0


# One of each structure: its other variants differ in numbers.
STRUCTURES = (
    "alexnet",
    "densenet121",
    "googlenet",
    "inception_v3",
    "mnasnet0_5",
    "mobilenet_v2",
    "resnet18",
    "resnet50",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "squeezenet1_0",
    "squeezenet1_1",
    "vgg11",
    "vgg11_bn",
)


@pytest.mark.parametrize("name", STRUCTURES)
def test_gradients(name: str) -> None:
    torch.manual_seed(0)
    reference = theirs(name)
    # An auxiliary head takes maps of one size only.
    side = {"googlenet": 224, "inception_v3": 299}.get(name, max(33, TORCHVISION[name].min_input))
    batch, gradients, outputs = torch.rand(2, 3, side, side), [], []
    for model in (with_weights_of(reference, archdsl.load(name)), reference):
        # Dropout draws the same for both.
        torch.manual_seed(1)
        made = model.train()(batch)
        made = [made] if isinstance(made, torch.Tensor) else [made[0], *sorted(made[1:], key=lambda each: each.sum())]
        outputs.append(made)
        sum(each.square().mean() for each in made).backward()
        gradients.append({key: weight.grad for key, weight in model.named_parameters()})
    assert len(outputs[0]) == {"googlenet": 3, "inception_v3": 2}.get(name, 1)
    for output, other in zip(*outputs, strict=True):
        assert torch.equal(output, other)
    assert gradients[0].keys() == gradients[1].keys()
    for key, gradient in gradients[0].items():
        assert torch.equal(gradient, gradients[1][key]), key


@pytest.mark.parametrize(
    "name", ["densenet121", "googlenet", "inception_v3", "mnasnet0_5", "mobilenet_v2", "resnet18", "squeezenet1_0"]
)
def test_initial_weights(name: str) -> None:
    torch.manual_seed(0)
    arguments = {"init_weights": True} if name in ("googlenet", "inception_v3") else {}
    reference = getattr(torchvision.models, name)(weights=None, **arguments).state_dict()
    torch.manual_seed(0)
    ours = archdsl.load(name).module().state_dict()
    assert reference.keys() == ours.keys()
    for key, tensor in reference.items():
        assert torch.equal(tensor, ours[key]), key


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
