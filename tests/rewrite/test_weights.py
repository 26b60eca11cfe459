"""Weights that travel: there and back bit by bit, maps of scores on larger images, and files that don't fit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import archdsl
from archdsl.analysis.instances import instances
from archdsl.network import Network
from archdsl.opening.reading import read_source
from archdsl.proving import prove, rewritten_network
from archdsl.rewrite import Rewritten
from archdsl.runtime.proof import random_weights
from archdsl.runtime.transport import carried
from tests.specs.specs_under_test import SPECS


def weights_of(network: Network, seed: int = 0) -> dict[str, Tensor]:
    """Random weights in single precision."""
    drawn = random_weights(instances(network.architecture), torch.Generator().manual_seed(seed))
    return {name: each.float() if each.is_floating_point() else each for name, each in drawn.items()}


def module_with(network: Network, weights: dict[str, Tensor]) -> nn.Module:
    module = network.module()
    module.load_state_dict(weights)
    return module.eval()


def structure(network: Network) -> object:
    """A network as JSON has it, without the places in the text."""
    document = json.loads(network.to_json())
    for entry in document["nodes"]:
        del entry["place"]
    return document


def step(network: Network, rewritten: Rewritten, weights: dict[str, Tensor]) -> tuple[Network, dict[str, Tensor]]:
    new = rewritten_network(network, rewritten)
    return new, carried(weights, rewritten.travels(network.architecture, new.architecture))


def slim(file: str, variant: str | None = None) -> Network:
    """A network with a head of 64 features in place of 4096."""
    text = read_source(SPECS / file).text.replace("fc-4096", "fc-64")
    return archdsl.loads(text, name=file, variant=variant)


@pytest.mark.parametrize(
    ("file", "variant"), [("vgg.arch", "vgg16"), ("vgg.arch", "vgg13_bn"), ("vgg16.arch", None), ("alexnet.arch", None)]
)
@pytest.mark.parametrize("flatten", [False, True])
def test_there_and_back(file: str, variant: str | None, flatten: bool) -> None:
    network = slim(file, variant)
    weights = weights_of(network)
    there, carried_there = step(network, network.rewrite("fc-to-conv", flatten=flatten), weights)
    back, carried_back = step(there, there.rewrite("conv-to-fc"), carried_there)
    assert structure(back) == structure(network)
    assert there.output == ((1000,) if flatten else (1000, 1, 1))
    assert list(carried_back) == list(weights)
    for key, tensor in weights.items():
        assert torch.equal(carried_back[key], tensor), key


@pytest.mark.parametrize("name", ["c3d", "googlenet", "lecture-identity", "mobilenet_v2", "resnet20"])
def test_the_structure_comes_back(name: str) -> None:
    network = archdsl.load(name)
    there = rewritten_network(network, network.rewrite("fc-to-conv"))
    assert structure(rewritten_network(there, there.rewrite("conv-to-fc"))) == structure(network)


def test_a_larger_image_gives_a_map_of_scores() -> None:
    network = slim("vgg.arch", "vgg11")
    weights = weights_of(network)
    new, made = step(network, network.rewrite("fc-to-conv"), weights)
    old_module, new_module = module_with(network, weights), module_with(new, made)
    images = torch.randn(1, 3, 256, 320, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        scores = new_module(images)
        assert tuple(scores.shape) == (1, 1000, 2, 4)
        features = old_module.get_submodule("features")(images)
        for row in range(2):
            for column in range(4):
                crop = torch.flatten(features[:, :, row : row + 7, column : column + 7], 1)
                alone = old_module.get_submodule("classifier")(crop)
                assert (scores[:, :, row, column] - alone).abs().max() < 1e-4 * scores.abs().max()
        # A smaller one is enlarged to 7×7, as it was before.
        small = images[:, :, :64, :96]
        assert torch.allclose(new_module(small).flatten(1), old_module(small), atol=1e-4 * float(scores.abs().max()))


def test_cells_are_the_net_on_crops_of_the_image_where_nothing_is_padded() -> None:
    network = archdsl.load("lenet5")
    weights = weights_of(network)
    new, made = step(network, network.rewrite("fc-to-conv"), weights)
    old_module, new_module = module_with(network, weights), module_with(new, made)
    image = torch.randn(1, 1, 40, 48, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        scores = new_module(image)
        assert tuple(scores.shape) == (1, 10, 3, 5)
        for row in range(3):
            for column in range(5):
                crop = image[:, :, 4 * row : 4 * row + 32, 4 * column : 4 * column + 32]
                assert torch.allclose(scores[:, :, row, column], old_module(crop), atol=1e-5)


@pytest.mark.parametrize("switches", [(), ("added",)])
@pytest.mark.parametrize(("file", "variant"), [("vgg.arch", "vgg16"), ("lenet5.arch", None)])
def test_strided_convolutions_check_compile_and_train(
    file: str, variant: str | None, switches: tuple[str, ...]
) -> None:
    network = slim(file, variant) if variant else archdsl.load(file)
    rewritten = network.rewrite("maxpool-to-strided-conv", **dict.fromkeys(switches, True))
    new = archdsl.loads(rewritten.text, variant=variant, input=(3, 48, 64) if variant else None)
    torch.manual_seed(0)
    module = new.module().train()
    assert not any("Pool" in type(each).__name__ and "Adaptive" not in type(each).__name__ for each in module.modules())
    before = {name: each.detach().clone() for name, each in module.named_parameters()}
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01)
    loss = nn.functional.cross_entropy(module(torch.randn(4, *new.input)), torch.tensor([0, 1, 2, 3]))
    loss.backward()
    optimizer.step()
    assert loss.isfinite()
    for name, each in module.named_parameters():
        assert each.isfinite().all()
        assert not torch.equal(each, before[name]) or name.endswith("bias"), name


def test_weights_of_their_own_type_keep_it() -> None:
    network = archdsl.loads("arch net\ninput 4x5x5\nconv3-8 bn fc-3\n")
    weights = {
        name: each.bfloat16() if each.is_floating_point() else each for name, each in weights_of(network).items()
    }
    _, made = step(network, network.rewrite("fc-to-conv"), weights)
    assert made["fc.weight" if "fc.weight" in made else "conv2.weight"].dtype == torch.bfloat16
    _, folded = step(network, network.rewrite("fold-batchnorm"), weights)
    assert folded["conv.weight"].dtype == torch.bfloat16
    assert folded["conv.bias"].dtype == torch.bfloat16


def test_files(tmp_path: Path) -> None:
    network = archdsl.load("lenet5")
    weights = weights_of(network)
    network.save(tmp_path / "w.safetensors", module_with(network, weights))
    proof, made = prove(network, network.rewrite("fc-to-conv"), tmp_path / "w.safetensors")
    assert proof.equal
    assert proof.dtype == "float32"
    assert made.keys() == weights.keys()


def test_an_added_convolution_begins_as_a_new_one() -> None:
    network = archdsl.load("lenet5")
    weights = weights_of(network)
    rewritten = network.rewrite("maxpool-to-strided-conv", added=True)
    proof, made = prove(network, rewritten, weights)
    assert not proof.equal
    module = rewritten_network(network, rewritten).module()
    module.load_state_dict(made, strict=True)
    assert torch.equal(made["c1.weight"], weights["c1.weight"])
    assert made["s2.weight"].std() > 0


def test_weights_of_another_network_are_refused() -> None:
    network = archdsl.load("lenet5")
    weights = weights_of(network)
    del weights["c1.bias"]
    weights["more"] = torch.zeros(3)
    weights["c3.weight"] = torch.zeros(3, 2)
    with pytest.raises(archdsl.ArchError) as raised:
        prove(network, network.rewrite("fc-to-conv"), weights)
    for part in ("unfitted-weights", "c1.bias", "more", "c3.weight"):
        assert part in str(raised.value)


def test_weights_that_are_no_numbers_are_not_called_equal() -> None:
    network = archdsl.load("lenet5")
    weights = weights_of(network)
    weights["c1.weight"][0, 0, 0, 0] = float("nan")
    with pytest.raises(archdsl.ArchError, match="not-equal"):
        prove(network, network.rewrite("fc-to-conv"), weights)
