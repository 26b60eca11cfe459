"""What the source of small programs looks like, and that its classes are held to the network."""

from __future__ import annotations

import time

import pytest
import torch

from archdsl.backends.torch import source as torch_source
from archdsl.backends.torch.verify import WrongClass, verify
from archdsl.diagnostics import ArchError
from archdsl.elaborate.witnesses import Witnesses
from archdsl.network import loads


def source(body: str, **options: object) -> str:
    return loads(f"arch net\ninput 4x16x16\n{body}\n", **options).source()  # type: ignore[arg-type]


def test_a_million_turns_cost_what_ten_do() -> None:
    times = []
    for count in (10, 1_000_000):
        start = time.perf_counter()
        text = source(f"conv3-64 [residual<conv3-64 bn relu conv3-64 bn> relu] x{count}")
        times.append(time.perf_counter() - start)
        assert text.count("Residual(64)") == 1
    assert times[1] < 5 * times[0] + 0.1


def test_dense_blocks_are_comprehensions() -> None:
    dense = "block dense(k) = [concat<identity | bn relu conv3-{k}>]\n"
    top = source(dense + "layers: [layer{i + 1}: dense(8) x6 as i]")
    assert 'f"layer{i + 1}": Dense(4 + 8 * i, 8)' in top or 'f"layer{i + 1}": Dense(8 * i + 4, 8)' in top
    inside = source(dense + "block stage(n, k) = [layer{i + 1}: dense(k) x{n} as i]\nstage(6, 8) stage(12, 16)")
    assert "for i in range(n)" in inside
    assert "in_channels + i * k" in inside or "in_channels + k * i" in inside


def test_defaults_and_signatures() -> None:
    text = source("block unit(c, s = 1) = [conv3-{c}/{s} bn relu]\nunit(8) unit(16, s=2) unit(16)")
    assert '"""The block unit(c, s=1)."""' in text
    assert "Unit(4, 8)\n" in text
    assert "Unit(8, 16, s=2)" in text


def test_what_a_class_takes_for_granted() -> None:
    text = source("block unit(c, s) = [if {s > 1} [maxpool] conv3-{c}/{s}]\nunit(8, 2) unit(16, 4)")
    assert "Built for s > 1." in text
    assert 'raise ValueError("Unit is built for s > 1")' in text


def test_a_let_is_a_variable() -> None:
    text = source(
        "block unit(c) = [let h = {in_channels * c} conv1-{h} bn relu conv1-{h} bn conv1-{c}]\nunit(2) unit(6)"
    )
    assert "        h = c * in_channels\n" in text
    assert "nn.Conv2d(h, h, kernel_size=1, bias=False)" in text


def test_forward_keeps_what_it_needs_of_its_parameters() -> None:
    net = loads("arch net\ninput 8x8x8\nblock part(n) = [conv1-8 chunk(0, n)]\npart(2) part(4)\n")
    assert net.source().count("class Part") == 1
    assert net.module()(torch.rand(1, 8, 8, 8)).shape == (1, 2, 8, 8)


def test_loops_within_loops_count_apart() -> None:
    made = loads("arch net\ninput 4x8x8\n[conv3-4 [bn] x5] x6\n")
    assert len(list(made.module().children())) == 6 + 30


def test_a_shortcut_that_a_call_needs_not_renames_nothing() -> None:
    made = loads("arch net\ninput 4x8x8\nblock unit(c) = [residual<conv3-{c} bn | down: project>]\nunit(8) unit(8)\n")
    keys = {key for key in made.module().state_dict() if key.endswith("conv.weight")}
    assert keys == {"unit1.conv.weight", "unit2.conv.weight"}


def test_labelled_merges_hold_their_labels() -> None:
    made = loads("arch net\ninput 4x8x8\nm: add<a: conv3-4 relu | b: conv1-4>\n")
    assert [key for key in made.module().state_dict() if "weight" in key] == ["m.a.weight", "m.b.weight"]


@pytest.mark.parametrize(
    "body",
    [
        "[a: conv3-4] x2",
        "[residual<a: conv3-4>] x2",
        "[ [a{j}: conv3-4] x2 as j ] x2",
        "conv1: conv3-4 conv{i}: conv3-4 x2 as i",
        "for c in {[2, 4]} [a: conv3-4]",
        "features: [add<a: conv3-4 | a: conv1-4>]",
    ],
)
def test_no_label_twice(body: str) -> None:
    with pytest.raises(ArchError) as raised:
        source(body)
    assert [each.code for each in raised.value.diagnostics] == ["label-twice"]


def test_a_label_out_of_reach() -> None:
    text = "u: [a: conv3-4 residual<b: conv3-4>]\nadd<@u.a | identity>"
    with pytest.raises(ArchError) as raised:
        source(text)
    assert [each.code for each in raised.value.diagnostics] == ["hidden-label"]
    assert raised.value.diagnostics[0].at is not None


def test_a_class_that_builds_something_else_is_caught() -> None:
    made = loads("arch net\ninput 4x8x8\nblock unit(c) = [conv3-{c} bn]\nunit(8)\n")
    other = loads("arch net\ninput 4x8x8\nblock unit(c) = [conv3-{c} bn]\nunit(9)\n")
    bodies = [each.architecture.body.members[0].node.body for each in (made, other)]
    row = {"in_channels": 4}
    verify(Witnesses([row]), row, bodies[0], bodies[0])
    with pytest.raises(WrongClass):
        verify(Witnesses([row]), row, bodies[0], bodies[1])
    assert torch_source(made.program, made.architecture)


def test_a_shortcut_may_take_up_the_main_path() -> None:
    made = loads("arch net\ninput 4x8x8\nresidual<a: conv3-4 bn b: conv3-4 | @a relu>\n")
    assert made.module()(torch.rand(2, 4, 8, 8)).shape[1:] == made.output
