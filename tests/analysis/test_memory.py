"""Memory: what torch really keeps and holds, on whole networks and on every example of every layer."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import Tensor

import archdsl
from archdsl.diagnostics import ArchError
from archdsl.layers.base import Layer, keywords
from archdsl.network import Network

from .memory_of import kept, peak

FIXTURES = Path(__file__).parents[1] / "backends" / "torch" / "specs"
INSTALLED = ("resnet50", "vgg11_lrn", "vgg16_bn", "lenet5", "allconv.arch")
KINDS = dict(sorted(keywords().items()))


def live(network: Network, batch: int = 2, device: str = "meta") -> tuple[torch.nn.Module, Tensor]:
    with torch.device(device):
        return network.module(), torch.rand(batch, *network.input)


# ConvNeXt's layer norms copy a tensor whose axes were permuted, which is not followed.
APART = {"convnext": 0.1}


@pytest.mark.parametrize("name", [*INSTALLED, *sorted(path.stem for path in FIXTURES.glob("*.arch"))])
def test_networks(name: str) -> None:
    network = archdsl.load(name if name in INSTALLED else FIXTURES / f"{name}.arch")
    module, x = live(network)
    found = network.memory(batch=2)
    assert found.weights == sum(each.nbytes for each in module.parameters())
    assert found.buffers == sum(each.nbytes for each in module.buffers())
    assert found.training == kept(module, x)
    assert found.inference == pytest.approx(peak(module, x), rel=APART.get(name, 0.002))


def test_a_run_on_the_processor_is_no_other() -> None:
    network = archdsl.load("resnet20")
    module, x = live(network, 3, "cpu")
    found = network.memory(batch=3)
    assert found.training == kept(module, x)
    assert found.inference == pytest.approx(peak(module, x), rel=0.002)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_types(dtype: str) -> None:
    network = archdsl.load("resnet20")
    module, x = live(network)
    kind = getattr(torch, dtype)
    found = network.memory(2, dtype)  # type: ignore[arg-type]
    module = module.to(kind)
    assert found.training == pytest.approx(kept(module, x.to(kind)), rel=0.001)
    assert found.weights == sum(each.nbytes for each in module.parameters())
    assert found.buffers == sum(each.nbytes for each in module.buffers())


# With an activation ahead that has a weight, the backward pass comes by; the one behind may write into the output.
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_what_each_layer_keeps(kind: type[Layer]) -> None:
    for text in kind.examples:
        size, _, head = text.partition(":")
        for body in (f"prelu {head}", f"prelu ln {head} relu"):
            network = archdsl.loads(f"arch net\ninput {size}\n{body}\n")
            module, x = live(network, device="cpu")
            assert network.memory(2).training == kept(module, x), body


def test_a_repeat_costs_what_its_turns_do() -> None:
    text = "arch net(n)\ninput 3x16x16\nconv3-8 [residual<conv3-8 bn relu conv3-8 bn> relu] x{n}\n"
    found = [archdsl.loads(text, n=n).memory() for n in (3, 4, 5, 1_000_000)]
    each = found[1].training - found[0].training
    assert found[2].training - found[1].training == each > 0
    assert found[3].training == found[0].training + each * 999_997
    assert len({memory.inference for memory in found}) == 1
    module, x = live(archdsl.loads(text, n=5), 1)
    assert found[2].training == kept(module, x)


def test_auxiliary_outputs_are_there_in_training_only() -> None:
    text = """
        arch net
        input 3x16x16
        stem: conv3-16 bn relu
        body: conv3-32
        relu {aux}
        gap fc-10
    """
    plain, more = (
        archdsl.loads(text.format(aux=aux)) for aux in ("", "aux side from @body [avgpool4 conv1-8 relu fc-7]")
    )
    assert more.memory().training > plain.memory().training
    for network in (plain, more):
        module, x = live(network)
        assert network.memory(2).training == kept(module, x)
        assert network.memory(2).inference == pytest.approx(peak(module, x), rel=0.002)


def test_batches() -> None:
    network = archdsl.load("lenet5")
    one, many = network.memory(1), network.memory(64)
    assert (many.inference, many.training) == (64 * one.inference, 64 * one.training)
    assert (many.weights, many.buffers) == (one.weights, one.buffers)
    with pytest.raises(ValueError, match="at least one sample"):
        network.memory(0)


def test_open_sizes_have_no_memory() -> None:
    with pytest.raises(ArchError) as raised:
        archdsl.load("resnet18", input="3xHxW").memory()
    assert raised.value.diagnostics[0].code == "needs-a-size"


def test_formats() -> None:
    network = archdsl.load("resnet50")
    shapes = network.shapes(1, memory=network.memory(32))
    assert [line.split("  ")[0] for line in shapes.to_text().splitlines()[-4:]] == [
        "weights",
        "buffers",
        "inference",
        "training",
    ]
    assert "weights         97.5 MiB (102,228,128 bytes)\n" in shapes.to_text()
    assert "\n\nWeights: 97.5 MiB (102,228,128 bytes)\n\n" in shapes.to_markdown()
    assert json.loads(shapes.to_json())["memory"]["weights"] == 102_228_128
    assert "memory" not in network.shapes(1).to_json()
