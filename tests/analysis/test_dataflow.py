"""The flow of tensors: references resolved, containers gone, and the same however a network is written."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import Tensor

import archdsl
from archdsl.analysis import dataflow as module
from archdsl.analysis.dataflow import Operation, dataflow, targets
from archdsl.ir.marks import spelled
from archdsl.layers.base import Layer
from archdsl.merges.base import Join
from archdsl.shape import Dim
from tests.backends.torch.interpreter import Interpreter, join
from tests.backends.torch.random_programs import Programs


def flow(text: str) -> list[str]:
    """Each operation as `path what <- inputs`."""
    network = archdsl.loads(f"arch net\n{text}\n")
    return [
        " ".join(filter(None, (each.path, _what(each), *(f"<{place}" for place in each.inputs))))
        for each in dataflow(network.architecture).operations
    ]


def _what(operation: Operation) -> str:
    if isinstance(operation.what, Join):
        return operation.what.does()
    return operation.what.written if isinstance(operation.what, Layer) else operation.what


def test_what_an_after_adds_is_what_a_label_means() -> None:
    found = flow("input 4x8x8\nafter conv relu\na: conv3-4\nconv3-4(bare)\nadd<@a | identity>")
    assert found == ["input", "a conv3-4 <0", "relu relu <1", "conv conv3-4 <2", "add.1.0 identity <3", "add <2 <4"]


def test_merges() -> None:
    found = flow("input 4x8x8\nresidual<conv3-4>\nresidual<conv3-8 | optional>\nresidual<conv3-8 | project>\nrelu")
    assert found == [
        "input",
        "residual1.0.0 conv3-4 <0",
        "add <1 <0",
        "residual2.0.0 conv3-8 <2",
        "residual3.0.0 conv3-8 <3",
        "add <4 <3",
        "relu relu <5",
    ]


def test_auxiliary_outputs() -> None:
    network = archdsl.loads("arch net\ninput 4x8x8\na: conv3-4\nrelu\naux side from @a [gap fc-2]\nfc-3\n")
    found = dataflow(network.architecture)
    (side,) = found.auxiliary
    assert side[0] == "side"
    assert found.operations[side[1]].path == "side.1"
    assert found.operations[found.output].path == "fc"
    assert found.operations[found.output].keys() == {"fc.weight": (3, 256), "fc.bias": (3,)}


def test_labels_inside_of_containers_and_copies() -> None:
    found = flow("input 4x8x8\nf: [conv3-4 p: relu conv3-4]\nt{i}: conv3-4 x2 as i\nconcat<@f.p | @t0 | identity>")
    assert found[-2:] == ["concat.2.0 identity <5", "concat <2 <4 <6"]


def test_work_is_bounded_where_there_are_no_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "AT_MOST", 1000)
    network = archdsl.loads("arch net\ninput 4x8x8\n[[if {false} [relu]] x2] x1000000\nrelu\n")
    with pytest.raises(archdsl.ArchError, match="too-many-copies"):
        dataflow(network.architecture)


def test_two_texts_of_one_network() -> None:
    one = archdsl.loads("arch net\ninput 4x8x8\nblock u = [conv: conv3-4 bn: bn]\na: u\nb: u\nadd<@a | identity>\n")
    other = archdsl.loads(
        "arch net\ninput 4x8x8\na: [conv: conv3-4 bn: bn]  b: [conv: conv3-4 bn: bn] add<@a | identity>\n"
    )
    assert dataflow(one.architecture) == dataflow(other.architecture)
    assert {spelled(path) for path in targets(one.architecture)} == {"a"}


def run(network: archdsl.Network, state: dict[str, Tensor], x: Tensor) -> Tensor:
    """The flow of a network, operation by operation."""
    found = dataflow(network.architecture)
    layers = Interpreter(state)
    made: list[Tensor] = []
    for each in found.operations:
        given = [made[place] for place in each.inputs]
        if isinstance(each.what, Layer):
            made.append(layers.layer(each.place.node, each.path, given[0]))  # type: ignore[arg-type]
        elif isinstance(each.what, str):
            made.append(x)
        else:
            made.append(join(each.what.does(), given, each.takes, each.makes))
    return made[found.output]


def weight(network: archdsl.Network) -> Dim:
    """How many numbers a run of it handles."""
    return sum((each.makes.elements for each in dataflow(network.architecture).operations), network.shapes().params)


@pytest.fixture
def double() -> Iterator[None]:
    """What is built in a test is of double precision."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


@pytest.mark.usefixtures("double")
def test_is_what_the_module_does() -> None:
    tried = 0
    for seed in range(40):
        try:
            network = archdsl.loads(Programs(seed).program())
            if weight(network) > 300_000:
                continue
            live = network.module().eval()
        except archdsl.ArchError:
            continue
        with torch.no_grad():
            for name, tensor in live.state_dict().items():
                if tensor.is_floating_point():
                    tensor.copy_(torch.rand_like(tensor) * (0.5 if name.endswith("weight") else 0.1) + 0.05)
            x = torch.randn(2, *network.input)  # type: ignore[arg-type]
            assert torch.allclose(run(network, live.state_dict(), x), live(x), rtol=1e-9, atol=1e-12), seed
        tried += 1
    assert tried > 12
