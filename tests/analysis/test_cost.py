"""Parameters and MACs: the published figures, and that sharing and repeats are not walked through."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.analysis.cost import Costs
from archdsl.ir.nodes import Node

RESIDUAL = "arch net\ninput 64x8x8\n[residual<conv3-64 bn relu conv3-64 bn> relu] x{count}\n"


def distinct_nodes(node: Node, seen: set[Node] | None = None) -> int:
    """How many nodes there are, each counted once."""
    seen = set() if seen is None else seen
    if node not in seen:
        seen.add(node)
        for part in node.parts:
            distinct_nodes(part, seen)
    return len(seen)


@pytest.mark.parametrize(
    ("name", "params", "gmacs"),
    [
        ("vgg11", 132_863_336, 7.609),
        ("vgg16_bn", 138_365_992, 15.47),
        ("vgg16_c", 133_638_952, None),
        ("resnet18", 11_689_512, 1.814),
        ("resnet50", 25_557_032, 4.089),
        ("resnet152", 60_192_808, 11.514),
    ],
)
def test_published_figures(name: str, params: int, gmacs: float | None) -> None:
    shapes = archdsl.load(name).shapes()
    assert shapes.params == params
    if gmacs is not None:
        assert round(shapes.macs / 1e9, 3) == gmacs


def test_a_million_turns_are_as_many_nodes_as_ten() -> None:
    ten, million = (archdsl.loads(RESIDUAL.replace("{count}", count)) for count in ("10", "1000000"))
    assert distinct_nodes(million.architecture.body) == distinct_nodes(ten.architecture.body) < 20
    assert million.shapes().params == 100_000 * ten.shapes().params == 1_000_000 * 73_984


def test_a_million_turns_cost_as_many_calls_as_ten(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    once = Costs._cost
    monkeypatch.setattr(Costs, "_cost", lambda self, node: (calls.append(node), once(self, node))[1])
    counted = []
    for count in ("10", "1000000"):
        calls.clear()
        assert archdsl.loads(RESIDUAL.replace("{count}", count)).shapes().macs > 0
        counted.append(len(calls))
    assert counted[0] == counted[1] < 20


def test_what_is_shared_is_counted_once_and_weighs_every_time() -> None:
    doublings = "".join(f"block b{i} = [b{i - 1} b{i - 1}]\n" for i in range(1, 19))
    network = archdsl.loads(f"arch net\ninput 3x8x8\nblock b0 = [conv3-3]\n{doublings}b18\n")
    assert distinct_nodes(network.architecture.body) < 60
    assert network.shapes().params == 84 * 2**18


def test_a_merge_weighs_what_its_branches_weigh() -> None:
    shapes = archdsl.loads("arch net\ninput 4x2x2\nconcat<conv1-1 | conv1-2 | identity>\n").shapes()
    assert shapes.params == 5 + 10
    assert shapes.macs == 4 * 4 + 8 * 4
