"""What the source of small programs looks like, and that its classes are held to the network."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
import torch
from torch import nn

from archdsl.backends.classes.verify import WrongClass, verify
from archdsl.backends.torch import source as torch_source
from archdsl.diagnostics import ArchError
from archdsl.elaborate.witnesses import Witnesses
from archdsl.network import loads


def source(body: str, **options: object) -> str:
    return loads(f"arch net\ninput 4x16x16\n{body}\n", **options).source()  # type: ignore[arg-type]


def test_a_million_turns_cost_what_ten_do() -> None:
    def turns(count: int) -> str:
        return source(f"conv3-64 [residual<conv3-64 bn relu conv3-64 bn> relu] x{count}")

    assert turns(1_000_000).count("Residual(64)") == 1
    # The first time fills caches; each count that follows is new to them.
    assert steps(lambda: turns(2_000_000)) < 1.5 * steps(lambda: turns(10))


def steps(work: Callable[[], object]) -> int:
    """How many lines, calls and returns of archdsl run while something is done: its cost, however busy a machine is."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        if not frame.f_globals.get("__name__", "").startswith("archdsl."):
            return None
        count += 1
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


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


CBR = "block cbr<layer> = [conv: layer bn: bn relu]\n"


def signature(text: str, name: str) -> str:
    """The parameters of a class, on one line."""
    head = text.split(f"class {name}(")[1].split("__init__(")[1].split(") -> None")[0]
    return " ".join(head.split()).rstrip(",")


@pytest.mark.parametrize(
    ("calls", "parameters", "last"),
    [
        ("cbr<conv1-8> cbr<conv3-8/2>", "out_channels", None),
        (
            "cbr<conv1-8> cbr<conv3-6/2> cbr<conv3-4>",
            "out_channels: int, kernel_size: int, stride: int = 1",
            "4, kernel_size=3)",
        ),
        (
            "cbr<conv3-8(padding=0)> cbr<conv3-4(padding=0)> cbr<conv5-4>",
            "out_channels: int, kernel_size: int, padding: int = 0",
            "4, kernel_size=5, padding=2)",
        ),
        (
            "cbr<conv3-8/2> cbr<conv1x5-4> cbr<conv1-4>",
            "out_channels: int, kernel_size: int | tuple[int, int], stride: int = 1, "
            "padding: int | tuple[int, int] = 1",
            "4, kernel_size=1, padding=0)",
        ),
        ("cbr<conv3-8> cbr<conv3-4>", "out_channels: int", "4)"),
    ],
)
def test_layers_handed_over_are_one_class(calls: str, parameters: str, last: str | None) -> None:
    text = source(CBR + calls)
    assert text.count("class Cbr") == 1
    if last is not None:
        assert signature(text, "Cbr") == f"self, in_channels: int, {parameters}"
        assert last in text
    loads(f"arch net\ninput 4x16x16\n{CBR}{calls}\n").module()(torch.rand(2, 4, 16, 16))


@pytest.mark.parametrize(
    ("block", "calls", "classes"),
    [
        # What the block says of its own layers is nothing of those that are handed over.
        ("[default conv(padding=0) conv: layer]", "cbr<conv1-8> cbr<conv1x3-4>", 1),
        ("[conv: layer]", 'cbr<conv3-8(padding="same")> cbr<conv3-4/2>', 2),
        # One axis of a kernel is no number of its own where the kernel is taken whole.
        ("[conv: layer residual<layer>]", "cbr<conv1x3-4> cbr<conv3-4>", 1),
        ("[[layer bn] relu]", "cbr<conv1x3-4> cbr<conv3-8/2>", 1),
        ("[a: [layer residual<layer | identity>]]", "cbr<conv1x3-4> cbr<conv3-4>", 1),
    ],
)
def test_layers_handed_over_in_odd_places(block: str, calls: str, classes: int) -> None:
    made = loads(f"arch net\ninput 4x16x16\nblock cbr<layer> = {block}\n{calls}\n")
    assert made.source().count("class Cbr") == classes
    assert made.module()(torch.rand(2, 4, 16, 16)).shape[1:] == made.output


def test_a_shortcut_without_weights_under_a_condition() -> None:
    unit = (
        "block unit(c, s = 1) = [let extra = {(c - in_channels) // 2}\n"
        "residual<conv: conv3-{c}/{s} | if {s != 1} [maxpool1/{s} pad(channels=(extra, extra))] else [identity]>]\n"
    )
    made = loads(f"arch net\ninput 4x8x8\n{unit}\na: unit(4) b: unit(8, s=2) c: unit(8)\n")
    assert made.source().count("class Unit") == 1
    assert "if s != 1:" in made.source()
    assert "self.extra = (c - in_channels) // 2" in made.source()
    net, x = made.module(), torch.rand(2, 4, 8, 8)
    for name in ("a", "b", "c"):
        part = net.get_submodule(name)
        shortcut = nn.functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, 2, 2)) if name == "b" else x
        expected = part.get_submodule("conv")(x) + shortcut
        x = part(x)
        assert torch.equal(x, expected)


def test_parts_are_cut_once() -> None:
    made = loads("arch net\ninput 4x8x8\nmul<chunk(0, 2) | chunk(1, 2) gate: sigmoid>\n")
    assert "branch1, gate = torch.chunk(x, 2, dim=1)\n" in made.source()
    x = torch.rand(2, 4, 8, 8)
    assert torch.equal(made.module()(x), x[:, :2] * x[:, 2:].sigmoid())
    # Not in order, or not all of them: each is cut by itself.
    for text in (
        "concat<chunk(1, 2) | chunk(0, 2)>",
        "concat<chunk(0, 4) | chunk(1, 4)>",
        "add<chunk(0, 2) | chunk(0, 2)>",
    ):
        assert ")[0]" in source(text)


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


def test_a_container_that_is_no_sequence_gives_its_inner_tensors() -> None:
    made = loads("arch net\ninput 4x8x8\nu: [a: conv3-4 residual<b: conv3-4>]\nadd<@u.a | identity>\n")
    assert "def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:" in made.source()
    net, x = made.module(), torch.rand(2, 4, 8, 8)
    a = net.u.a(x)
    assert torch.equal(net(x), a + (net.u.b(a) + a))


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
