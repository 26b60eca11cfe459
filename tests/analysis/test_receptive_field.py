"""Receptive fields: those that others published, and those that gradients have in torch."""

from __future__ import annotations

import csv
import itertools
import json
import random
from fractions import Fraction
from pathlib import Path

import pytest
import torch

import archdsl
from archdsl.analysis.receptive_field import Field, ReceptiveFields
from archdsl.analysis.table import Row
from archdsl.layers.sight import Along
from archdsl.network import Network


def rows(name: str | Path, depth: int | None = None, **options: object) -> dict[str, Row]:
    network = archdsl.load(name, **options)  # type: ignore[arg-type]
    return {row.span: row for row in network.shapes(depth, receptive_field=True).rows}


def sizes(row: Row) -> list[int | str]:
    return [each.size if isinstance(each, Field) else each.value for each in row.fields or ()]


# Araujo et al. 2019, Table 1, and the receptive fields that TensorFlow's and PyTorch's model zoos give.
@pytest.mark.parametrize(
    ("name", "last", "size"),
    [
        ("vgg11", "features", 150),
        ("vgg16", "features", 212),
        ("resnet18", "layer4", 435),
        ("resnet34", "layer4", 899),
        ("resnet50", "layer4", 427),
        ("alexnet", "features", 195),
        ("inception_v3", "Mixed_7c", 1311),
    ],
    ids=str,
)
def test_published(name: str | Path, last: str, size: int) -> None:
    assert sizes(rows(name, 1)[last]) == [size, size]


def test_resnets_of_tensorflow_slim_have_the_stride_at_the_end_of_a_stage() -> None:
    text = """
        arch net(depths)
        input 3x224x224
        block unit(c, s = 1) = [residual<conv1-{c} relu conv3-{c}/{s} relu conv1-{4 * c} | project> relu]
        conv7-64/2 relu maxpool3/2(padding=1)
        for c, n, s in {zip([64, 128, 256, 512], depths, [2, 2, 2, 1])} [ unit(c) x{n - 1} unit(c, s) ]
    """
    for depths, size in (([3, 4, 6, 3], 483), ([3, 4, 23, 3], 1027), ([3, 8, 36, 3], 1507)):
        *_, last = archdsl.loads(text, depths=depths).shapes(1, receptive_field=True).rows
        assert sizes(last) == [size, size]


def test_vgg16_behind_each_pool() -> None:
    pools = [row for row in rows("vgg16").values() if row.layer == "maxpool"]
    found = [row.fields[0] for row in pools if row.fields]
    assert found == [
        Field(size, Fraction(stride), offset)
        for size, stride, offset in ((6, 2, -2), (16, 4, -6), (44, 8, -18), (100, 16, -42), (212, 32, -90))
    ]


def test_a_repeat_costs_no_more_than_its_distinct_turns() -> None:
    body = "conv3-8 relu [residual<conv3-8 relu conv3-8> relu] x1000000"
    *_, last = archdsl.loads(f"arch net\ninput 3x9x9\n{body}\n").shapes(1, receptive_field=True).rows
    assert sizes(last) == [4_000_003] * 2


def test_rows_below_a_repeat_are_of_the_first_copy() -> None:
    found = rows("resnet18")
    assert [sizes(found[name])[0] for name in ("layer1", "layer1.0…1", "layer1.0.conv1", "layer1.0.conv2")] == [
        43,
        43,
        19,
        27,
    ]


def test_squeeze_and_excitation_sees_the_whole_image() -> None:
    assert sizes(rows("se_resnet50", 1)["layer1"]) == ["whole", "whole"]


def test_an_auxiliary_output_sees_what_its_label_does() -> None:
    text = "arch net\ninput 3x32x32\na: conv3-8/2\nconv3-8\naux side from @a [conv3-8 conv1-2]\nconv3-8\n"
    found = archdsl.loads(text).shapes(receptive_field=True).rows
    assert [(row.name, sizes(row)[0]) for row in found] == [
        ("a", 3),
        ("conv1", 7),
        ("side", 7),
        ("side.0", 7),
        ("side.1", 7),
        ("conv2", 11),
    ]


def test_open_sizes() -> None:
    found = rows("resnet18", 1, input="3xHxW")
    assert (sizes(found["layer4"]), sizes(found["fc"])) == ([435, 435], ["whole", "whole"])
    text = "arch net\ninput 3xHxW\nconv3-4 adaptive-avgpool7 relu gap\n".replace("HxW", "9x9")
    found = {row.name: row for row in archdsl.loads(text, input="3xHxW").shapes(receptive_field=True).rows}
    assert [sizes(row) for row in found.values()] == [[3, 3], ["unknown"] * 2, ["unknown"] * 2, ["whole"] * 2]


# Poolings here take the mean: a maximum has a gradient at one place of its window alone.
NETWORKS = {
    "chain": "1x40 conv3-2 relu conv5-2/2 avgpool3/2(padding=1) conv3-1",
    "dilated": "1x60 conv3-2(dilation=3) conv3-2/2 conv2-2(dilation=4, padding=0) conv1-1",
    "paddings": '1x40 conv4-2 conv4-2(padding=2) conv3-1/2(padding="valid") conv3-1(padding="same", dilation=2)',
    "residual": "1x90 conv7-4/2 [residual<conv3-4 bn relu conv3-4 bn> relu] x3 residual<conv3-8/2 bn | project> relu",
    "branches": "1x40 concat<conv1-2 | conv7-2 | avgpool3/1(padding=1) conv1-2 | conv3-2 concat<conv3-1 | conv5-1>>",
    "transposed": "1x30 conv3-2/2 deconv4-2/2(padding=1) conv3-2 deconv3-2/3 conv3-1",
    "transposed with gaps": "1x20 deconv2-2/3 conv2-2(padding=0) deconv2-1/2(dilation=3) conv3-1",
    "transposed with output padding": "1x24 conv3-2/2 conv3-2/2 deconv3-2/2(padding=1, output_padding=1) conv3-1",
    "u-net": """1x72 a: conv3-2 avgpool b: [conv3-2 relu conv3-2] avgpool conv3-4 conv3-4
        deconv2-2/2 concat<@b | identity> conv3-2 deconv2-2/2 concat<@a | identity> conv3-2 conv1-1""",
    "nearest": "1x24 conv3-2/2 upsample3 conv3-2/2 upsample2 conv3-1",
    "linear": '1x24 conv3-2/2 upsample2(mode="linear") conv3-2 upsample3(mode="linear") conv3-1',
    "corners": '1x9 conv3-2 upsample2(mode="linear", align_corners=true) conv3-1',
    "cubic": '1x12x15 conv3-1/2 upsample2(mode="bicubic")',
    "bins": "1x40 conv3-1 adaptive-avgpool7",
    "padded and cropped": "1x30 pad(3) conv5-1(padding=0) crop(2) conv3-1/2",
    "references in a repeat": "1x40 a: conv3-2 [conv3-2 add<@a | identity>] x4 conv1-1",
    "shuffled pixels": "1x12x16 conv3-8/2 pixelshuffle2 conv3-2 pixelunshuffle2",
    "axes that differ": "1x24x20 conv1x7-2 conv3x1-2/2x1 permute(0, 1, 3, 2) conv1x5-1/1x3",
    "channels last": "1x12x15 conv3-4/2 permute(0, 2, 3, 1) ln linear-3 permute(0, 3, 1, 2) conv3x1-1",
    "volume": "1x8x9x10 conv3x3x1-1 avgpool1x2x2 conv1x1x3-1",
    "gate": "1x20 conv3-4 mul<identity | gap fc-4 sigmoid reshape(4, 1)> conv3-1",
    "group norm": "1x20 conv3-4 gn-2 conv1-1",
    "instance norm": "1x20 conv3-4 instancenorm conv1-1",
    "linear over places": "1x6x8 conv3-1 linear-5",
    "features": "1x8 conv3-2 fc-3",
    "reshaped": "1x12 conv3-2 reshape(1, 4, 6) conv7x11-1",
}


@pytest.mark.parametrize("name", NETWORKS)
def test_gradients_in_torch(name: str) -> None:
    size, body = NETWORKS[name].split(maxsplit=1)
    network = archdsl.loads(f"arch net\ninput {size}\n{body}\n")
    view = ReceptiveFields().of(network.architecture.body).output[None]
    x, output = one_of_each_weight(network)
    exact = [0] * len(view)
    places = list(itertools.product(*(range(each) for each in output.shape[2:])))
    for place in random.Random(0).sample(places, min(len(places), 40)):
        (gradient,) = torch.autograd.grad(output[(0, slice(None), *place)].sum(), x, retain_graph=True)
        seen = gradient[0].abs().sum(0).nonzero()
        for axis, along in enumerate(view):
            end = x.shape[axis + 2] - 1
            first, last = along.sight.at(place[along.axis]) if isinstance(along, Along) else (0, end)
            if first > last:
                assert not len(seen)
                continue
            found = int(seen[:, axis].min()), int(seen[:, axis].max())
            if first >= 0 and last <= end:
                assert found == (first, last), (place, axis)
                exact[axis] += 1
            else:
                # At an edge, what would be seen through a place in the padding is not.
                assert first <= found[0] <= found[1] <= last, (place, axis)
    assert all(exact)


def one_of_each_weight(network: Network) -> tuple[torch.Tensor, torch.Tensor]:
    """An input and its output, where no two paths cancel out."""
    module = network.module().double().eval()
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.uniform_(0.5, 1, generator=generator)
    x = torch.rand(1, *network.input, dtype=torch.double, generator=generator).requires_grad_()
    return x, module(x)


def test_formats() -> None:
    text = "arch net\ninput 1x8x9\nconv1x3-2/1x2\nup: upsample4\ngap\n"
    shapes = archdsl.loads(text).shapes(receptive_field=True)
    assert [line.split()[-3:] for line in shapes.to_text().splitlines()[2:6]] == [
        ["field", "stride", "offset"],
        ["1x3", "1x2", "0x-1"],
        ["1x3", "1/4x1/2", "0x-1"],
        ["whole", "-", "-"],
    ]
    header, *lines = csv.reader(shapes.to_csv().splitlines())
    assert header[-3:] == ["receptive_field", "stride", "offset"]
    assert lines[0][-3:] == ["1x3", "1x2", "0x-1"]
    assert shapes.to_markdown().splitlines()[4].endswith("| whole | - | - |")
    layers = json.loads(shapes.to_json())["layers"]
    assert layers[0]["receptive_field"] == [
        {"size": 1, "stride": 1, "offset": 0},
        {"size": 3, "stride": 2, "offset": -1},
    ]
    assert layers[1]["receptive_field"][0]["stride"] == "1/4"
    assert layers[2]["receptive_field"] == ["whole", "whole"]
    plain = archdsl.loads(text).shapes()
    assert "offset" not in plain.to_text() + plain.to_csv() + plain.to_markdown() + plain.to_json()
