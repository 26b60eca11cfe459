"""Programs made at random: whatever elaborates has a source that is the network the IR says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archdsl.diagnostics import ArchError
from archdsl.ir.named import Named
from archdsl.ir.names import Kind, is_open, names, style
from archdsl.ir.nodes import Call, Chain, LayerNode, Member, Merge, Node, Repeat, at, text
from archdsl.network import Network, loads
from archdsl.shape import Dim

from .random_programs import Programs

Weights = Iterator[tuple[str, tuple[Dim, ...]]]


def container(chain: Chain, kind: Kind, prefix: str, values: Mapping[str, Dim]) -> Weights:
    """The parameters of a container by their names: a flat view of the IR, written apart from all others."""
    yield from members(names(chain, style(chain, kind)), prefix, values)


def members(named_members: tuple[Named, ...], prefix: str, values: Mapping[str, Dim]) -> Weights:
    for each in named_members:
        node = each.node
        if isinstance(node, Repeat):
            start = 0
            for run in each.runs:
                assert isinstance(run.run.count, int)
                for turn in range(run.run.count):
                    inner = {**values, str(run.turn): turn}
                    if node.index:
                        inner[node.index] = start + turn
                    yield from members(run.members, prefix, inner)
                start += run.run.count
        elif each.name is None:
            for side in each.sides:
                yield from members(side, prefix, values)
        else:
            yield from named(node, prefix + text(at(each.name, **values)), values)


def named(node: Node, name: str, values: Mapping[str, Dim]) -> Weights:
    if isinstance(node, LayerNode):
        for key, shape in node.layer.weights(node.input).items():
            yield (f"{name}.{key}" if key else name), shape
    elif isinstance(node, Call):
        yield from container(node.body, "block", f"{name}.", values)
    elif isinstance(node, Chain):
        yield from container(node, "group", f"{name}.", values)
    elif isinstance(node, Merge) and is_open(node):
        around = Chain(
            input=node.input,
            output=node.output,
            span=node.span,
            members=(Member(label=None, node=node),),
            container=True,
        )
        yield from container(around, "top", f"{name}.", values)
    elif isinstance(node, Merge):
        for place, branch in enumerate(node.branches):
            yield from members(names(branch, "numbered"), f"{name}.{place}.", values)


def made(program: str, **options: object) -> Network | None:
    try:
        return loads(program, **options)  # type: ignore[arg-type]
    except ArchError:
        return None


@settings(max_examples=80, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, 2**32))
def test_source_is_the_network(seed: int) -> None:
    program = Programs(seed).program()
    network = made(program)
    if network is None:
        return
    torch.manual_seed(0)
    module = network.module()
    expected = dict(container(network.architecture.body, "top", "", {}))
    assert {key: tuple(weight.shape) for key, weight in module.named_parameters()} == expected, program
    assert sum(weight.numel() for weight in module.parameters()) == network.shapes().params, program
    output = module(torch.rand(2, *network.input))
    assert tuple(output.shape[1:]) == network.output, program
    if output.requires_grad:
        output.square().mean().backward()
    larger = made(program, input=(4, 20, 24))
    assert larger is None or larger.source() == network.source(), program


def test_enough_of_them_elaborate() -> None:
    assert sum(made(Programs(seed).program()) is not None for seed in range(40)) > 25
