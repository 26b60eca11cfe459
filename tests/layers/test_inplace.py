"""What a class says about memory: whose output may be overwritten, and who may overwrite it."""

from __future__ import annotations

import inspect
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from archdsl.layers.base import Layer, keywords
from archdsl.layers.reference.examples import read_example, read_head
from archdsl.layers.torch_call import Module
from archdsl.shape import Shape

Live = Callable[[Layer, Shape], nn.Module]

KINDS = dict(sorted(keywords().items()))
SCRATCH = [text for kind in KINDS.values() if kind.output_is_scratch for text in kind.examples]
INPLACE = [kind for kind in KINDS.values() if kind.has_inplace]
VIEWS = ("flatten", "reshape", "permute", "chunk", "crop", "identity", "pixelshuffle", "channelshuffle")
DROPOUTS = ("dropout", "dropout2d", "droppath")
SAVED = ("relu", "sigmoid", "tanh", "softmax", "elu")


def small(text: str) -> tuple[Shape, Layer]:
    """The example on less data, where its sizes allow."""
    x, layer = read_example(text)
    return x.with_spatial(min(int(size), 32) for size in x.spatial), layer


def gradients(module: nn.Module, after: Callable[[Tensor], Tensor], x: Shape) -> list[Tensor]:
    """The gradients of the input and of all parameters, with `after` applied to the output.

    The input is the result of a sigmoid, which its backward pass needs: a layer that hands on a view
    of its input would let `after` spoil it.
    """
    torch.manual_seed(0)
    source = torch.randn(2, *map(int, x.dims), requires_grad=True)
    made = after(module(torch.sigmoid(source)))
    weights = torch.linspace(-1.0, 1.0, made.numel()).reshape(made.shape)
    return list(torch.autograd.grad((made * weights).sum(), [source, *module.parameters()]))


@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("text", SCRATCH)
def test_output_may_be_overwritten(text: str, training: bool, live: Live) -> None:
    x, layer = small(text)
    torch.manual_seed(0)
    module = live(layer, x).train(training)
    expected = gradients(module, torch.relu, x)
    found = gradients(module, torch.relu_, x)
    for one, other in zip(found, expected, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize("keyword", [*VIEWS, *DROPOUTS, *SAVED])
def test_what_hands_on_its_input_or_saves_its_output_says_so(keyword: str) -> None:
    assert not KINDS[keyword].output_is_scratch


def test_overwriting_a_saved_output_is_found(live: Live) -> None:
    """The test above can fail."""
    x = Shape.of((3, 4, 4))
    for head in ("sigmoid", "flatten", "identity", "softmax"):
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            gradients(live(read_head(head), x), torch.relu_, x)


@pytest.mark.parametrize("kind", INPLACE, ids=lambda kind: kind.keyword)
def test_in_place_form_has_the_same_gradients(kind: type[Layer], live: Live) -> None:
    for text in kind.examples:
        x, layer = read_example(text)
        (step,) = layer.torch(x)
        assert isinstance(step, Module)
        activation = getattr(nn, step.name)
        after = activation(*step.args, **dict(step.kwargs))
        in_place = activation(*step.args, **dict(step.kwargs), inplace=True)
        before = live(read_head("bn"), x)
        expected = gradients(before, after, x)
        # Close, not equal: the gradient of an exponential is worked out from its result in place.
        for one, other in zip(gradients(before, in_place, x), expected, strict=True):
            torch.testing.assert_close(one, other)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_in_place_is_claimed_for_every_activation_that_has_it(kind: type[Layer]) -> None:
    if kind.role.value != "activation":
        assert not kind.has_inplace
        return
    x, layer = read_example(kind.examples[0])
    (step,) = layer.torch(x)
    assert isinstance(step, Module)
    assert kind.has_inplace == ("inplace" in inspect.signature(getattr(nn, step.name)).parameters)
