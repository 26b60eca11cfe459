"""What a rewrite claims is held against both networks: rules that go wrong, each in its own way, are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import archdsl
from archdsl.analysis.dataflow import dataflow
from archdsl.backends.spec.labels import Labels
from archdsl.diagnostics import Span
from archdsl.elaborate.labels import UnknownLabel
from archdsl.layers.base import Layer, keywords
from archdsl.limits import Limits
from archdsl.network import Network
from archdsl.proving import prove
from archdsl.rewrite import draft as drafts
from archdsl.rewrite import rewrites
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.forms import form
from archdsl.rewrite.rule import Travel
from archdsl.rewrite.rules.fold_batchnorm import FoldBatchnorm
from archdsl.rewrite.rules.unfold import Unfold
from archdsl.rewrite.text import Change
from archdsl.shape import Shape
from tests.layers.conftest import build


def refused(text: str, rule: str, says: str, **switches: bool) -> str:
    with pytest.raises(archdsl.ArchError) as raised:
        archdsl.loads(f"arch net\n{text}\n").rewrite(rule, **switches)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "cannot-rewrite"
    assert says in str(raised.value)
    return str(raised.value)


def equal(text: str, rule: str, **switches: bool) -> str:
    """The new text behind `arch` and `input` of what is exact on numbers, too."""
    network = archdsl.loads(f"arch net\n{text}\n")
    rewritten = network.rewrite(rule, **switches)
    proof, made = prove(network, rewritten)
    assert proof.equal
    assert proof.modes == ("evaluation and training" if rewritten.rule.in_training else "evaluation")
    assert set(made) == set(archdsl.loads(rewritten.text).module().state_dict())
    return rewritten.text.partition("\n")[2].partition("\n")[2]


# References


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "input 3x8x8\nafter conv relu\na: conv3-4\nconv3-4\nadd<@a | identity>",
            "a: conv3-4\na_relu: relu\nconv: conv3-4\nrelu\nadd<@a_relu | identity>\n",
        ),
        (
            "input 3x8x8\nafter conv bn\na: conv3-4\nconv3-4\nadd<@a | identity>",
            "a: conv3-4\nbn1: bn\nconv: conv3-4\nbn2: bn\nadd<@bn1 | identity>\n",
        ),
        (
            # A member that goes by its number can't be referred to, and what is put behind it takes none.
            "input 3x8x8\nb: [after conv bn a: conv3-4 conv3-4 add<@a | identity>]",
            'b: [a: conv3-4 bn a_bn: identity "2": conv3-4 "3": bn "4": add<@a_bn | identity>]\n',
        ),
        (
            "input 3x8x8\nr: residual<a: conv3-8 | optional>\nconv3-8\nadd<@r.a | @r | identity>",
            "r: residual<a: conv3-8 | optional>\nconv: conv3-8\nadd<@r.a | @r | identity>\n",
        ),
        (
            "input 3x8x8\nafter conv relu\na: conv3-4\naux side from @a [gap fc-2]\ngap",
            "a: conv3-4\na_relu: relu\naux side from @a_relu [gap fc-2]\ngap\n",
        ),
    ],
)
def test_unfolding_refers_to_the_tensors_that_were_referred_to(before: str, after: str) -> None:
    made = equal(before, "unfold")
    assert made.split() == after.split()


def test_unfolding_where_an_inner_label_would_be_taken_for_an_outer_one() -> None:
    """The outer one is handed on under a label that nothing else has."""
    text = "input 4x8x8\nblock u<p> = [a: conv3-4 p]\na: conv3-4\nu<conv3-4 add<@a | identity>>"
    assert "a_conv: identity" in equal(text, "unfold")


def test_unfolding_a_container_of_turns_with_labels_that_are_referred_to() -> None:
    """What takes a place of its own in one turn moves those of the next."""
    equal("input 4x8x8\nm: [[bn relu p{j}: conv3-4 add<@p{j} | identity> conv1-4] x3 as j] u: [p0: relu]", "unfold")


def test_labels_that_are_lost_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Labels, "wanted", lambda self, member: [])
    text = "input 3x8x8\nafter conv relu\na: conv3-4\nconv3-4\nadd<@a | identity>"
    refused(text, "unfold", "would be of other tensors")
    side = "input 3x8x8\nafter conv relu\na: conv3-4\naux side from @a [gap fc-2]\ngap"
    refused(side, "unfold", "another tensor would arrive at `side.0`")


# Rules that go wrong


def broken(monkeypatch: pytest.MonkeyPatch, old: str, new: str) -> None:
    """Unfolding with one more change of its text."""
    original = Unfold.rewrite

    def rewrite(self: Unfold, draft: Draft, at: str | None, **switches: bool) -> Draft:
        made = original(self, draft, at, **switches)
        start = made.source.text.index(old)
        return made.change([Change(Span(made.source, start, start + len(old)), (new,))])

    monkeypatch.setattr(Unfold, "rewrite", rewrite)


TEXT = "input 4x8x8\ninit @a constant(0.5)\na: conv3-4 relu bn: bn dropout concat<@a | identity> tanh"


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("conv3-4", "conv5-4", "would be another layer"),
        ("conv3-4", "conv3-4(bias=false)", "would be another layer"),
        ("relu", "sigmoid", "`relu` would be another layer, `sigmoid`"),
        ("relu", "identity", "`relu` would be another layer, `bn`"),
        ("bn: bn", "bn_: bn", "`bn` would be called `bn_`"),
        ("@a | identity", "identity | @a", "other tensors"),
        ("concat<@a", "concat<@bn", "other tensors"),
        ("concat<@a | identity>", "add<@a | identity>", "other tensors"),
        ("dropout", "dropout(0.1)", "would be another layer"),
        ("dropout", "", "would be of other tensors"),
        ("tanh", "", "the network's output would be another tensor"),
        ("tanh", "tanh flatten", "is 8x8x8, and would be 512"),
    ],
)
def test_what_another_text_computes_is_refused(monkeypatch: pytest.MonkeyPatch, old: str, new: str, says: str) -> None:
    equal(TEXT, "unfold")
    broken(monkeypatch, old, new)
    refused(TEXT, "unfold", says)


def test_weights_that_are_lost_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    original = FoldBatchnorm.travels

    def travels(self: FoldBatchnorm, *layers: Any) -> Iterator[Travel]:
        yield from (each for each in original(self, *layers) if not each.key.endswith(".bias"))

    equal("input 4x8x8\nconv3-4 bn", "fold-batchnorm")
    monkeypatch.setattr(FoldBatchnorm, "travels", travels)
    refused("input 4x8x8\nconv3-4 bn", "fold-batchnorm", "nothing would come to `conv.bias`")


def test_folding_keeps_a_label_and_its_weights() -> None:
    made = equal("input 4x8x8\nconv3-8 n: bn conv3-8 concat<@n | identity>", "fold-batchnorm")
    assert made == "conv3-8  n: identity  conv3-8 concat<@n | identity>\n"


# Work and sizes


def test_repeats_within_repeats_are_peeled() -> None:
    for text in ("[[conv3-4 relu] x2] x2 maxpool", "s: [[conv3-4] x2] x3 maxpool", "[[[conv3-4] x2] x2] x2 maxpool"):
        rewritten = archdsl.loads(f"arch net\ninput 3x16x16\n{text}\n").rewrite("maxpool-to-strided-conv")
        (conv,) = (
            each
            for each in dataflow(archdsl.loads(rewritten.text).architecture).operations
            if getattr(each.what, "stride", 1) == 2
        )
        assert conv.takes[0].spatial == (16, 16)


def test_maps_of_another_size_are_refused() -> None:
    text = "input 3x16x16\nconv3-4 maxpool2(padding=1, ceil=true)"
    said = refused(text, "maxpool-to-strided-conv", "the network's output is 4x9x9, and would be 4x8x8")
    assert "`--added`" in said
    assert "3 | conv3-4 maxpool2" in said
    refused("input 3x9x9\nconv3-4 maxpool fc-3", "maxpool-to-strided-conv", "5x5 would arrive at `fc`")


def test_a_text_longer_than_a_spec_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "AT_MOST", 6000)
    shared = "block b0_ = [conv1-{in_channels}]\n" + "".join(
        f"block b{level}_ = [b{level - 1}_ b{level - 1}_]\n" for level in range(1, 31)
    )
    text = f"arch net\ninput 4x4x4\n{shared}b30_\n"
    for rule in rewrites():
        with pytest.raises(archdsl.ArchError) as raised:
            archdsl.loads(text).rewrite(rule)
        assert raised.value.diagnostics[0].code == "too-many-copies"
    text = "arch net\ninput 4x4x4\n[conv3-4] x100\n"
    with pytest.raises(archdsl.ArchError, match="rewrite-too-long"):
        archdsl.loads(text, limits=Limits(bytes=500)).rewrite("unfold")


def test_a_source_that_can_not_be_written_is_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the compiler refuses of the new text alone is refused by the rewrite."""
    original = Network.source

    def source(self: Network) -> str:
        if "bn" not in self.program.file.source.text:
            raise archdsl.ArchError(UnknownLabel(None, "no source can get at it"))
        return original(self)

    monkeypatch.setattr(Network, "source", source)
    refused(
        "input 8x4x4\nconv3-8 bn", "fold-batchnorm", "the new text would have this mistake: no source can get at it"
    )


# Forms


def _alone() -> list[tuple[type[Layer], str]]:
    """Layers by an example that takes a vector."""
    return [
        (kind, example.partition(": ")[2])
        for kind in keywords().values()
        for example in kind.examples
        if example.startswith(tuple("123456789")) and "x" not in example.partition(":")[0]
    ]


@pytest.mark.parametrize(("kind", "head"), _alone(), ids=str)
def test_one_form_is_one_function(kind: type[Layer], head: str) -> None:
    """What has one form on a vector and on a map of one place gives the same numbers on either, in training as well."""
    size = 384 if "384" in head else 12
    for channels in (size, 10, 64):
        try:
            one = archdsl.loads(f"arch net\ninput {channels}\n{head}\n")
            other = archdsl.loads(f"arch net\ninput {channels}x1x1\n{head}\n")
        except archdsl.ArchError:
            continue
        left, right = (dataflow(each.architecture).operations for each in (one, other))
        if len(left) != 2 or len(right) != 2 or form(left[1]) != form(right[1]) or form(left[1]) is None:
            continue
        layers = [operation.what for operation in (left[1], right[1])]
        modules = [
            build(layer, shape).double()  # type: ignore[arg-type]
            for layer, shape in zip(layers, (Shape.of((channels,)), Shape.of((channels, 1, 1))), strict=True)
        ]
        drawn = [torch.rand(each.numel(), dtype=torch.float64) for each in modules[0].parameters()]
        x = torch.randn(5, channels, dtype=torch.float64)
        for training in (False, True):
            made = []
            for module, dims in zip(modules, ((channels,), (channels, 1, 1)), strict=True):
                with torch.no_grad():
                    for parameter, numbers in zip(module.parameters(), drawn, strict=True):
                        parameter.copy_(numbers.reshape(parameter.shape))
                torch.manual_seed(0)
                made.append(module.train(training)(x.reshape(5, *dims)).flatten(1))
            assert torch.allclose(*made), (head, training)
