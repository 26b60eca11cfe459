"""Every example of every merge: what the class says is what PyTorch does, for numbers and for open sizes."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from archdsl import ArchError, loads
from archdsl.elaborate.joining import same
from archdsl.ir.nodes import Merge, Node
from archdsl.merge_reference import describe, example_network, render
from archdsl.merges.base import Join, joins
from archdsl.shape import Layout, Shape
from archdsl.symbolic import substitute

KINDS = dict(sorted(joins().items()))
EXAMPLES = [(kind, text) for kind in KINDS.values() for text in kind.examples]
every_example = pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[text for _, text in EXAMPLES])
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)

MEANT: dict[str, Callable[..., Tensor]] = {
    "residual": torch.add,
    "add": torch.add,
    "sub": torch.sub,
    "mul": torch.mul,
    "div": torch.div,
    "max": torch.maximum,
    "min": torch.minimum,
}
"""What two tensors of one shape become."""


def test_every_merge_of_the_language_is_there() -> None:
    assert {"residual", "concat", "mean", *MEANT} <= set(KINDS)


@every_kind
def test_a_class_is_documented(kind: type[Join]) -> None:
    assert kind.__doc__
    first = kind.__doc__.split("\n\n")[0]
    assert "\n" not in first.rstrip()
    assert kind.examples
    assert kind.sign
    assert kind.about.endswith(".")
    assert kind.needs[0].islower()
    assert not kind.needs.endswith(".")
    assert kind.does() in KINDS
    for name, info in kind.model_fields.items():
        assert info.description, name


@every_kind
def test_the_reference_shows_it(kind: type[Join]) -> None:
    text = render(describe(kind))
    assert text.startswith(f"{kind.keyword}<…")
    for example in kind.examples:
        assert example in text
    assert all(line == line.rstrip() for line in text.splitlines())


def merges(node: Node) -> list[Merge]:
    found = [node] if isinstance(node, Merge) else []
    return found + [each for part in node.parts for each in merges(part)]


@every_example
def test_an_example_is_what_torch_makes(kind: type[Join], text: str) -> None:
    network = example_network(text)
    assert any(type(each.join) is kind for each in merges(network.architecture.body))
    module = network.module()
    made = module(torch.rand(3, *network.input))
    assert tuple(made.shape[1:]) == network.output
    assert f"class {type(module).__name__}" in network.source()
    assert sum(parameter.numel() for parameter in module.parameters()) == network.shapes().params


@every_example
def test_an_example_is_what_it_is_for_open_sizes_too(kind: type[Join], text: str) -> None:
    network = example_network(text)
    if len(network.input) == 1:
        return
    channels, height, width = network.input
    opened = network.at(f"{channels}xHxW")
    assert tuple(substitute(size, {"H": height, "W": width}) for size in opened.output) == network.output


@every_kind
def test_values_are_those_of_torch(kind: type[Join]) -> None:
    """Of two branches that are the layers of a live module, run by hand."""
    network = loads(f"arch net\ninput 3x5x4\nm: {kind.keyword}<a: conv3-3 | b: conv1-3 sigmoid>\n")
    module = network.module().double()
    x = torch.randn(2, 3, 5, 4, dtype=torch.float64)
    layers: Any = module.m
    one, two = layers.a(x), torch.sigmoid(layers.b(x))
    if kind.keyword == "concat":
        wanted = torch.cat([one, two], 1)
    elif kind.keyword == "mean":
        wanted = torch.stack([one, two]).mean(0)
    elif kind.keyword in MEANT:
        wanted = MEANT[kind.keyword](one, two)
    else:
        pytest.skip("a merge of somebody's own, whose values nobody else knows")
    assert torch.allclose(module(x), wanted, rtol=1e-12, atol=1e-12)


SHAPES = [
    (1,),
    (4,),
    (1, 5, 6),
    (4, 1, 1),
    (4, 1, 6),
    (4, 5, 6),
    (4, 5, 1),
    (3, 5, 6),
    (4, 5, 7),
]


@pytest.mark.parametrize("kind", [kind for kind in KINDS.values() if kind.keyword not in ("concat", "residual")])
def test_broadcasting_is_pytorchs(kind: type[Join]) -> None:
    """All pairs and, where it takes them, triples of shapes: what fits, and what it makes."""
    several = [[a, b] for a in SHAPES for b in SHAPES]
    if kind.most is None:
        several += [[a, b, c] for a in SHAPES for b in SHAPES for c in SHAPES]
    for dims in several:
        assert _ours(kind(), dims) == _theirs(kind, dims), (kind.keyword, dims)


def _ours(join: Join, dims: Sequence[tuple[int, ...]]) -> tuple[int, ...] | None:
    shapes = [Shape.of(each) for each in dims]
    joined = join.joined(shapes, same)
    fits = all(shape == wanted for shape, wanted in zip(shapes, joined.wanted, strict=True))
    return tuple(map(int, joined.output.dims)) if fits else None


def _theirs(kind: type[Join], dims: Sequence[tuple[int, ...]]) -> tuple[int, ...] | None:
    largest = max(map(len, dims))
    tensors = [torch.ones(2, *each) for each in dims]
    if kind.takes_factors:
        tensors = [each if each.ndim > 2 or largest == 1 else each[:, :, None, None] for each in tensors]
    if len({each.ndim for each in tensors}) > 1:
        # PyTorch would line up the last axes, and take the batch of one for the channels of another.
        return None
    try:
        return tuple(functools.reduce(operator.add, tensors).shape[1:])
    except RuntimeError:
        return None


def test_channels_that_stand_last_don_t_meet_channels_that_stand_first() -> None:
    first, last = Shape.of((4, 5, 6)), Shape((5, 6, 4), Layout.CHANNELS_LAST)
    for kind in KINDS.values():
        if kind.keyword != "concat":
            joined = kind().joined([first, last], same)
            assert (first, last) != joined.wanted


SPATIAL = "mul<identity | conv7-1 sigmoid>"
"""The spatial attention of CBAM: one factor for each place."""


def test_a_factor_for_each_place() -> None:
    text = f"arch net\ninput 8x6x6\n{SPATIAL}\n"
    network = loads(text)
    x = torch.rand(2, 8, 6, 6)
    assert network.module()(x).shape == x.shape
    assert "x = x * scale" in network.source()


@pytest.mark.parametrize(
    ("branches", "note"),
    [
        ("conv3-8 | conv3-4", "channels 4 and 8 don't meet"),
        ("conv3-8 | maxpool2", "channels 3 and 8, height 3 and 6, width 3 and 6 don't meet"),
        ("conv3-3 | maxpool1x2", "width 3 and 6 don't meet"),
    ],
)
def test_a_message_says_which_axes_differ(branches: str, note: str) -> None:
    with pytest.raises(ArchError) as caught:
        loads(f"arch net\ninput 3x6x6\nadd<{branches}>\n")
    (diagnostic,) = caught.value.diagnostics
    assert f"{note}; an axis of 1 would meet any" in diagnostic.notes


@pytest.mark.parametrize("calls", ["b(1) b(4) b(1)", "b(4) b(4)", "b(1) b(1)"])
def test_a_class_serves_calls_that_broadcast_alike(calls: str) -> None:
    network = loads(f"arch net\ninput 4x6x6\nblock b(c) = [mul<conv3-{{c}} | conv1-4>]\n{calls}\n")
    assert network.module()(torch.rand(2, 4, 6, 6)).shape == (2, 4, 6, 6)
    assert network.source().count("class B") == len({*calls.split()})


def test_a_parameter_that_may_be_one_is_none_of_the_constructor_s() -> None:
    """The text of a class is right for each number that its constructor takes."""
    network = loads("arch net(a = 4, b = 4)\ninput 4x6x6\nadd<conv3-{a} | conv3-{b}>\nconv1-3\n")
    assert "def __init__(self) -> None:" in network.source()
    with pytest.raises(ArchError, match="different shapes"):
        loads("arch net(a = 4, b = 5)\ninput 4x6x6\nadd<conv3-{a} | conv3-{b}>\nconv1-3\n")


@pytest.mark.parametrize("kind", ["sub", "div"])
def test_of_two_branches_only(kind: str) -> None:
    with pytest.raises(ArchError, match=f"`{kind}` joins 2 branches, got 3"):
        loads(f"arch net\ninput 4\n{kind}<fc-4 | fc-4 | identity>\n")


def test_a_shortcut_beside_what_begins_with_a_label() -> None:
    """Whether the main path keeps the size is asked of any size, and the label's tensor has one of its own."""
    text = "arch net\ninput 8x12\nblock b(c) = [f{c}: identity residual<add<@f{c} | identity> | project>]\nb(2)\n"
    assert loads(text).module()(torch.rand(2, 8, 12)).shape == (2, 8, 12)


@pytest.mark.parametrize("merge", ["concat<conv1-{h} | conv1-{2 * h}>", "max<conv1-{h} | conv1-1>"])
def test_nothing_is_assumed_of_branches_that_need_not_be_equal(merge: str) -> None:
    """The branch that a message would point at is looked for without taking unknown sizes to be equal."""
    network = loads(f"arch net\ninput 3x8x8\nlet h = {{in_height}}\n{merge}\n").at("3xHxW")
    assert "smallest input  3x1x1" in network.shapes().to_text()
