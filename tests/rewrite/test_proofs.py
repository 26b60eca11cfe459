"""Exact rules are exact: outputs compared on random weights and inputs, on specs of every structure.

`make proofs` does the same on everything there is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import torch

import archdsl
from archdsl.analysis.instances import Instance
from archdsl.proving import prove
from archdsl.rewrite import rewrites
from archdsl.rewrite.rule import Travel
from archdsl.rewrite.rules.fc_to_conv import FcToConv
from archdsl.rewrite.rules.fold_batchnorm import FoldBatchnorm

from .proofs import Case

_SLIM = (("fc-4096", "fc-64"),)

EXACT = [
    Case("alexnet.arch", None, "fc-to-conv", (), _SLIM),
    Case("c3d.arch", None, "fc-to-conv", (), _SLIM),
    Case("googlenet.arch", None, "fc-to-conv"),
    Case("lenet5.arch", None, "fc-to-conv", ("flatten",)),
    Case("vgg.arch", "vgg11_bn", "fc-to-conv", (), _SLIM),
    Case("vgg.arch", "vgg11", "conv-to-fc"),
    Case("lenet5.arch", None, "conv-to-fc"),
    Case("densenet.arch", None, "fold-batchnorm"),
    Case("googlenet.arch", None, "fold-batchnorm"),
    Case("lecture-resized.arch", None, "fold-batchnorm"),
    Case("mnasnet.arch", "mnasnet0_5", "fold-batchnorm"),
    Case("mobilenet_v2.arch", None, "fold-batchnorm"),
    Case("resnet1d.arch", None, "fold-batchnorm"),
    Case("shufflenet_v2.arch", "shufflenet_v2_x0_5", "fold-batchnorm"),
    Case("lecture-allconv.arch", None, "gap-to-conv-head"),
    Case("resnet-cifar.arch", "resnet20", "gap-to-conv-head"),
    Case("densenet.arch", None, "unfold"),
    Case("resnet-cifar.arch", "resnet20", "unfold"),
    Case("mobilenet_v2.arch", None, "unfold"),
    Case("unet.arch", None, "unfold"),
]


@pytest.mark.parametrize("case", EXACT, ids=str)
def test_exact(case: Case) -> None:
    outcome = case.run()
    if case.rule == "conv-to-fc" and case.file == "vgg.arch":
        # It has no convolution of that kind: what this rule undoes is tried with the weights.
        assert outcome.startswith("no: ")
    else:
        assert outcome.startswith("equal: ")


def test_every_exact_rule_is_tried() -> None:
    assert {case.rule for case in EXACT} == {name for name, rule in rewrites().items() if rule.exact}


@pytest.mark.parametrize(
    ("rule", "switches"),
    [("maxpool-to-strided-conv", ()), ("maxpool-to-strided-conv", ("added",)), ("fc-to-gap", ())],
)
def test_others_make_a_difference(rule: str, switches: tuple[str, ...]) -> None:
    assert Case("lenet5.arch", None, rule, switches).run().startswith("other: ")


LAYERS = """
arch net
input 6x9x9
conv3-8(bias=false) bn
dwconv3(multiplier=2) bn
deconv3-12/2(groups=4) bn
conv1x3-12(groups=3, bias=true) bn(affine=false)
residual<conv3-16/2 bn | project>
relu
conv3-16(padding="valid") bn(eps=0.5)
fc-10 bn relu
linear-5 bn
"""


def test_folds_into_every_kind_of_layer() -> None:
    network = archdsl.loads(LAYERS)
    rewritten = network.rewrite("fold-batchnorm")
    assert "bn" not in rewritten.text.replace("project(bn=false)", "")
    proof, _ = prove(network, rewritten)
    assert proof.equal


@pytest.mark.parametrize("sizes", ["4", "4x9", "4x5x6", "3x4x5x6"])
def test_every_rank(sizes: str) -> None:
    network = archdsl.loads(f"arch net\ninput {sizes}\nfc-7 bn relu dropout fc-5 bn softmax\n")
    for rule in ("fc-to-conv", "fold-batchnorm"):
        proof, _ = prove(network, network.rewrite(rule))
        assert proof.equal, rule


def test_a_wrong_order_of_weights_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(self: FcToConv, new: Instance, old: Instance | None, gone: Any = ()) -> Iterator[Travel]:
        for travel in super(FcToConv, self).travels(new, old, gone):
            if len(travel.shape) == 4 and travel.shape[-1] > 1:
                # As if the map had been flattened with its channels last.
                last = (travel.shape[0], *travel.shape[2:], travel.shape[1])
                how = lambda array, last=last: array.reshape(last).transpose(0, 3, 1, 2)  # noqa: E731
                yield Travel(travel.key, travel.shape, travel.sources, how)
            else:
                yield travel

    network = archdsl.loads("arch net\ninput 4x5x5\nfc-7\n")
    proof, _ = prove(network, network.rewrite("fc-to-conv"))
    assert proof.equal
    monkeypatch.setattr(FcToConv, "travels", wrong)
    with pytest.raises(archdsl.ArchError, match="not-equal"):
        prove(network, network.rewrite("fc-to-conv"))


def test_a_forgotten_epsilon_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    original = FoldBatchnorm.travels

    def wrong(self: FoldBatchnorm, new: Instance, old: Instance | None, gone: Any = ()) -> Iterator[Travel]:
        for travel in original(self, new, old, gone):
            owner = getattr(travel.how, "__self__", None)
            if owner is not None:
                owner.eps = 0.0
            yield travel

    network = archdsl.loads("arch net\ninput 4x5x5\nconv3-8 bn relu gap\n")
    monkeypatch.setattr(FoldBatchnorm, "travels", wrong)
    with pytest.raises(archdsl.ArchError, match="not-equal"):
        prove(network, network.rewrite("fold-batchnorm"))


def test_random_weights_leave_nothing_as_it_begins() -> None:
    from archdsl.analysis.instances import instances
    from archdsl.runtime.proof import random_weights

    network = archdsl.loads("arch net\ninput 4x5x5\nconv3-8 bn layerscale prelu fc-3\n")
    drawn = random_weights(instances(network.architecture), torch.Generator().manual_seed(0))
    module = network.module()
    assert set(drawn) == set(module.state_dict())
    for key, tensor in module.state_dict().items():
        assert drawn[key].shape == tensor.shape
        assert not (drawn[key] == tensor).any(), key


def test_what_is_made_of_nothing_is_as_exact_as_the_proof() -> None:
    """A mean of 125 places in a network that has no weights, whose type they could have."""
    network = archdsl.loads("arch net\ninput 4x8x8x8\nmaxpool2(padding=1, ceil=true)\ngap\n")
    proof, made = prove(network, network.rewrite("gap-to-conv-head"))
    assert proof.equal
    assert {each.dtype for each in made.values()} == {torch.float64}
