"""What a generated `forward` computes is what the spec says, worked out a second time from the IR."""

from __future__ import annotations

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archdsl.diagnostics import ArchError
from archdsl.network import Network, loads

from ...specs.specs_under_test import SPECS, small
from .interpreter import Interpreter
from .random_programs import Programs
from .specs_here import ONLY_HERE, batch
from .specs_here import network as specs_here


def assert_same(network: Network, x: torch.Tensor) -> None:
    torch.manual_seed(0)
    module = network.module().eval()
    with torch.no_grad():
        for key, weight in module.state_dict().items():
            # Statistics that are not 0 and 1, so that no normalization passes for another.
            if key.endswith(("running_mean", "running_var")):
                weight.uniform_(0.5, 1.5)
        expected = Interpreter(module.state_dict()).run(network.architecture, x)
        assert torch.allclose(module(x), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("file", sorted(path.name for path in SPECS.glob("*.arch") if "vgg" not in path.name))
def test_specs(file: str) -> None:
    network = small(file)
    assert_same(network, torch.rand(2, *network.input))  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ONLY_HERE)
def test_networks(name: str) -> None:
    assert_same(specs_here(name), batch(name))


@pytest.mark.parametrize(
    "body",
    [
        "residual<conv3-4 bn relu conv3-4 bn | identity> relu",
        "residual<a: conv3-4 bn relu b: conv3-4 | identity> relu",
        "residual<a: conv3-4 relu | if {in_channels > 3} [identity] else [conv1-4]>",
        "concat<identity | a: conv3-2 relu | identity>",
        "concat<relu | identity | sigmoid>",
        "stem: conv3-4 relu concat<@stem | identity> residual<conv3-8 | @stem conv1-8>",
        "mul<identity | gap fc-2 relu fc-4 sigmoid> add<identity | conv1-4 | relu>",
        "a: [conv1-4 relu p: conv3-4 sigmoid] concat<@a.p | @a | identity>",
        "residual<conv3-4 residual<conv3-4 relu | identity> relu | identity>",
        'block f(c, s = 1) = [residual<if {s == 1} [dwconv3] else [pad(1) dwconv3/2(padding="valid")] conv1-{c} '
        "| optional>]\nf(4) f(4, s=2) f(8) f(8)",
        "block f(c, t = 1) = [if {t != 1} [up: conv1-{c * t} relu6] dw: dwconv3 relu6 down: conv1-{c} relu6]\n"
        "f(4) f(4, t=2)",
        "block f(c, s = 1) = [residual<if {s == 1} [conv3-{c}] else [maxpool conv3-{c}] | project>]\nf(4) f(8, s=2)",
    ],
)
def test_hand_written(body: str) -> None:
    assert_same(loads(f"arch net\ninput 4x8x8\n{body}\n"), torch.randn(2, 4, 8, 8))


@settings(derandomize=True, deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**9))
def test_random_programs(seed: int) -> None:
    try:
        network = loads(Programs(seed).program())
    except ArchError:
        return
    assert_same(network, torch.randn(2, *network.input))  # type: ignore[arg-type]


def test_a_wrong_wire_would_be_seen() -> None:
    network = loads("arch net\ninput 4x8x8\nresidual<conv3-4 | identity>\n")
    module = network.module().eval()
    x = torch.randn(1, 4, 8, 8)
    with torch.no_grad():
        assert not torch.allclose(module(x) + x, Interpreter(module.state_dict()).run(network.architecture, x))
