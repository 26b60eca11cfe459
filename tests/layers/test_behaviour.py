"""What single layers do to numbers, and what they refuse."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.layers.base import ImpossibleLayer, Layer, WrongAxes, WrongRank, keywords
from archdsl.layers.reference import describe, render
from archdsl.layers.reference.examples import read_example, read_head
from archdsl.layers.torch_call import Module
from archdsl.layers.window import ShapeTooSmall
from archdsl.shape import Layout, Shape

Live = Callable[[Layer, Shape], nn.Module]


def run(live: Live, text: str, training: bool = True) -> tuple[Tensor, Tensor]:
    """What goes into and comes out of the layer of an example."""
    x, layer = read_example(text)
    torch.manual_seed(0)
    tensor = torch.randn(4, *map(int, x.dims))
    return tensor, live(layer, x).train(training)(tensor)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("10: bn", "BatchNorm1d"),
        ("10x7: bn", "BatchNorm1d"),
        ("10x7x7: bn", "BatchNorm2d"),
        ("10x7x7x7: bn", "BatchNorm3d"),
    ],
)
def test_batch_norm_by_rank(live: Live, text: str, name: str) -> None:
    x, layer = read_example(text)
    (step,) = layer.torch(x)
    assert isinstance(step, Module)
    assert step.name == name
    assert [tuple(parameter.shape) for parameter in live(layer, x).parameters()] == [(10,), (10,)]


@pytest.mark.parametrize("text", ["6x5: ln", "6x5x4: ln", "6x5x4x3: ln(eps=0.1)"])
def test_layer_norm_of_channels_first_is_torchs_on_the_moved_axis(live: Live, text: str) -> None:
    x, layer = read_example(text)
    module = live(layer, x)
    weight, bias = module.parameters()
    with torch.no_grad():
        weight.uniform_()
        bias.uniform_()
    tensor = torch.randn(2, *map(int, x.dims))
    eps = dict(layer)["eps"]
    expected = nn.functional.layer_norm(tensor.movedim(1, -1), (6,), weight, bias, eps).movedim(-1, 1)
    assert torch.equal(module(tensor), expected)
    last = x.dims[1:] + x.dims[:1]
    made = live(layer, Shape(last, Layout.CHANNELS_LAST)).eval()
    made.load_state_dict(module.state_dict())
    assert torch.equal(made(tensor.movedim(1, -1)), expected.movedim(1, -1))


@pytest.mark.parametrize("text", ["64x6: dropout2d", "64x5x5: dropout2d(0.3)", "64x3x3x3: dropout2d"])
def test_channel_dropout_leaves_out_whole_channels(live: Live, text: str) -> None:
    tensor, made = run(live, text)
    p = dict(read_example(text)[1])["p"]
    kept = (made != 0).flatten(2)
    assert bool((kept.all(2) | ~kept.any(2)).all())
    assert 0 < int((~kept.any(2)).sum()) < kept[:, :, 0].numel()
    torch.testing.assert_close(made, torch.where(made != 0, tensor / (1 - p), 0))
    assert torch.equal(*run(live, text, training=False))


def test_dropout_leaves_out_single_elements(live: Live) -> None:
    _, made = run(live, "8x9x9: dropout")
    zeros = (made == 0).flatten(2)
    assert bool((zeros.any(2) & ~zeros.all(2)).all())


def test_drop_path_is_torchvisions(live: Live) -> None:
    from torchvision.ops import StochasticDepth  # type: ignore[import-untyped]

    x, layer = read_example("3x4x4: droppath(0.3)")
    tensor = torch.randn(16, *map(int, x.dims))
    torch.manual_seed(7)
    made = live(layer, x)(tensor)
    torch.manual_seed(7)
    assert torch.equal(made, StochasticDepth(0.3, "row")(tensor))
    whole = (made != 0).flatten(1)
    assert bool((whole.all(1) | ~whole.any(1)).all())
    assert torch.equal(live(layer, x).eval()(tensor), tensor)


def test_layer_scale_is_torchvisions(live: Live) -> None:
    tensor, made = run(live, "6x3x3: layerscale(init=0.5)")
    assert torch.equal(made, nn.Parameter(torch.ones(6, 1, 1) * 0.5) * tensor)


def test_global_pooling_has_the_bits_of_the_published_models(live: Live) -> None:
    tensor, made = run(live, "64x7x7: gap")
    assert torch.equal(made, torch.flatten(nn.AdaptiveAvgPool2d((1, 1))(tensor), 1))


def test_softmax_is_over_channels(live: Live) -> None:
    for text, axis in (("5: softmax", 1), ("5x3x3: softmax", 1), ("5x3x3: permute(0, 2, 3, 1) softmax", -1)):
        x, layer = read_example(text)
        made = live(layer, x)(torch.randn(2, *map(int, x.dims)))
        torch.testing.assert_close(made.sum(axis), torch.ones_like(made.sum(axis)))


def test_chunks_are_the_channels_again(live: Live) -> None:
    parts = [run(live, f"6x3x3: chunk({index}, 3)") for index in range(3)]
    assert torch.equal(torch.cat([made for _, made in parts], 1), parts[0][0])


def test_cropping_undoes_padding(live: Live) -> None:
    for text in ("2x5x6: pad(2)", "2x5x6: pad((0, 3))", "2x7: pad(1)", "2x3x4x5: pad((1, 2, 0))"):
        tensor, made = run(live, text)
        x, layer = read_example(text)
        crop = read_head(layer.written.replace("pad", "crop"))
        assert torch.equal(live(crop, layer.output(x))(made), tensor)


def test_padded_channels_are_zeros_around_the_old(live: Live) -> None:
    tensor, made = run(live, "4x3x3: pad(1, channels=(1, 2))")
    assert torch.equal(made[:, 1:5, 1:-1, 1:-1], tensor)
    assert float(made.abs().sum()) == pytest.approx(float(tensor.abs().sum()))


def test_pixel_unshuffle_undoes_pixel_shuffle(live: Live) -> None:
    tensor, made = run(live, "8x3x3: pixelshuffle2")
    assert torch.equal(live(read_head("pixelunshuffle2"), Shape.of((2, 6, 6)))(made), tensor)


@pytest.mark.parametrize("text", ["8x4x4: droppath(0.1)", "8x4x4: ln", "8x4: ln(elementwise_affine=false)"])
def test_own_classes_script(live: Live, text: str, tmp_path: Path) -> None:
    x, layer = read_example(text)
    (step,) = layer.torch(x)
    assert isinstance(step, Module)
    assert step.definition.startswith("class ")
    # Scripting reads the source of a class, so this needs a file.
    file = tmp_path / f"{step.name}.py"
    file.write_text("import torch\nfrom torch import Tensor, nn\n\n\n" + step.definition)
    spec = importlib.util.spec_from_file_location(step.name, file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    made = getattr(module, step.name)(*step.args, **dict(step.kwargs)).eval()
    tensor = torch.randn(2, *map(int, x.dims))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        scripted = torch.jit.script(made)
    assert torch.equal(scripted(tensor), live(layer, x).eval()(tensor))


REFUSED: list[tuple[str, type[Diagnostic], str]] = [
    ("10: maxpool", WrongRank, "`maxpool` takes a map"),
    ("6x4x4: permute(0, 2, 3, 1) conv3-4", WrongRank, "channels first"),
    ("6x4: pixelshuffle2", WrongRank, "`pixelshuffle` takes a map"),
    ("10: dropout2d", WrongRank, "`dropout2d` takes"),
    ("3x8x8: conv3x3x3-4", WrongAxes, "kernel 3x3x3 has 3 axes"),
    ("3x8x8: conv3-4(groups=2)", ImpossibleLayer, "2 groups don't divide the 3 arriving channels"),
    ("4x8x8: conv3-6(groups=4)", ImpossibleLayer, "4 groups don't divide the 6 outgoing channels"),
    ('4x8x8: conv3-6/2(padding="same")', ImpossibleLayer, 'padding "same" keeps the size'),
    ('4x2x2: conv5-6(padding_mode="reflect")', ImpossibleLayer, 'padding mode "reflect" takes less than the size 2'),
    ("4x4x4: deconv3-2/2(output_padding=2)", ImpossibleLayer, "output_padding 2"),
    ("4x1x1: deconv2-2(padding=1)", ShapeTooSmall, "`deconv` cuts off all"),
    ("4x2x2: maxpool3", ShapeTooSmall, "`maxpool` needs an input of at least 3x3, got 2x2"),
    ("4x2x2: maxpool5/2(ceil=true)", ShapeTooSmall, "`maxpool` needs an input of at least 4x4, got 2x2"),
    ("4x1x4x4: avgpool(padding=1)", ShapeTooSmall, "`avgpool` of a volume needs at least its kernel 2, got 1"),
    ("4x8x8: maxpool3(padding=2)", ImpossibleLayer, "at most half its kernel 3, got 2"),
    ("30x8x8: gn-32", ImpossibleLayer, "32 groups don't divide the 30 arriving channels"),
    ("8x1x1: instancenorm", ImpossibleLayer, "more than one place"),
    ("8x4x4: prelu(num_parameters=4)", ImpossibleLayer, "one slope or one for each channel"),
    ("8x4x4: permute(0, 2, 3, 1) prelu(num_parameters=8)", ImpossibleLayer, "one slope"),
    ("8x4x4: reshape(4, 5)", ImpossibleLayer, "8x4x4 has 128 elements, which doesn't fit 4x5"),
    ("8x4x4: reshape(-1, 5)", ImpossibleLayer, "doesn't fit -1x5"),
    ("8x4x4: reshape(-1, -1)", ImpossibleLayer, "2 times -1"),
    ("8x4x4: permute(0, 2, 1)", WrongAxes, "`permute` wants the axes 0 to 3"),
    ("8x4x4: permute(1, 0, 2, 3)", WrongAxes, "begins with the batch"),
    ("8x4x4: permute(0, 2, 1, 3)", ImpossibleLayer, "the channels at axis 2, neither first nor last"),
    ('8x4x4: upsample2(mode="linear")', ImpossibleLayer, 'mode "linear" is for 1 spatial axes'),
    ("8x4x4: upsample2(align_corners=true)", ImpossibleLayer, "`align_corners` means nothing"),
    ("6x4x4: pixelshuffle2", ImpossibleLayer, "4 pixels a block don't divide the 6 arriving channels"),
    ("6x4x5: pixelunshuffle2", ImpossibleLayer, "2 pixels a block don't divide the 5 columns"),
    ("7x4x4: channelshuffle(2)", ImpossibleLayer, "2 groups don't divide the 7 arriving channels"),
    ("7x4x4: chunk(0, 2)", ImpossibleLayer, "2 parts don't divide the 7 arriving channels"),
    ("8x4x4: chunk(2, 2)", ImpossibleLayer, "part 2 of 2"),
    ("10: pad(1)", WrongAxes, "a vector has no sides"),
    ('4x4x4: pad(4, mode="reflect")', ImpossibleLayer, 'padding mode "reflect" takes less than the size 4, got 4'),
    ('4x4x4: pad(1, channels=(1, 1), mode="reflect")', ImpossibleLayer, 'mode "reflect" is for the sides'),
    ("4x4x4: crop(2)", ImpossibleLayer, "`crop` leaves nothing of 4"),
]


def meet(layer: Layer, x: Shape) -> Shape:
    """What the layer makes of a tensor that arrives."""
    layer.check(x)
    return layer.output(x)


@pytest.mark.parametrize(("text", "kind", "part"), REFUSED, ids=[text for text, _, _ in REFUSED])
def test_what_does_not_fit_is_refused(text: str, kind: type[Diagnostic], part: str) -> None:
    x, layer = read_example(text)
    with pytest.raises(ArchError) as caught:
        meet(layer, x)
    (diagnostic,) = caught.value.diagnostics
    assert type(diagnostic) is kind
    assert part in diagnostic.message
    assert not diagnostic.message.endswith(".")
    assert diagnostic.at is None


def test_bias_is_left_out_before_a_batch_norm_unless_asked_for() -> None:
    for head in ("conv3-8", "dwconv3", "deconv2-8/2", "conv-head-8", "fc-8", "linear-8"):
        layer = read_head(head)
        x = Shape.of((4, 4, 4))
        assert "bias" in layer.weights(x)
        assert "bias" not in layer.without_bias().weights(x)
        asked = read_head(f"{head}(bias=true)")
        assert asked.without_bias() is asked
    assert read_head("relu").without_bias() == read_head("relu")


def test_reference_of_every_layer() -> None:
    for kind in keywords().values():
        reference = describe(kind)
        text = render(reference)
        assert text.startswith(reference.notation)
        assert all(line == line.rstrip() for line in text.splitlines())
        assert len(reference.examples) == len(kind.examples)
        assert all(argument.takes and argument.description for argument in reference.arguments)


def test_reference_of_a_pooling() -> None:
    reference = describe(keywords()["maxpool"])
    assert reference.notation == "maxpool[kernel][/stride](padding=0, ceil=false, dilation=1)"
    assert reference.torch == (
        ("a signal (C×L)", "nn.MaxPool1d"),
        ("a map (C×H×W)", "nn.MaxPool2d"),
        ("a volume (C×D×H×W)", "nn.MaxPool3d"),
    )
    assert reference.arguments[0].takes == "whole number ≥ 1 or several"
    assert reference.examples[0].output == "64x56x56"
