"""The rows of a network: their names, how repeats fold, and that they sum up."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

import archdsl
from archdsl.analysis import table
from archdsl.analysis.table import Row, name_range


def rows(body: str, input: str = "64x8x8", depth: int | None = None) -> tuple[Row, ...]:
    return archdsl.loads(f"arch net\ninput {input}\n{body}\n").shapes(depth).rows


def outline(found: Sequence[Row]) -> list[tuple[int, str, str, int]]:
    return [(row.depth, row.span, row.layer, row.repeat) for row in found]


def test_rows_of_resnet50() -> None:
    assert outline(archdsl.load("resnet50").shapes(depth=2).rows)[:8] == [
        (1, "conv1", "conv7-64/2", 1),
        (1, "bn1", "bn", 1),
        (1, "relu", "relu", 1),
        (1, "maxpool", "maxpool3/2(padding=1)", 1),
        (1, "layer1", "[bottleneck(64) ×3]", 1),
        (2, "layer1.0", "bottleneck(64)", 1),
        (2, "layer1.1…2", "bottleneck(64)", 2),
        (1, "layer2", "[bottleneck(128, s=2) bottleneck(128) ×3]", 1),
    ]


def test_rows_inside_a_block_have_the_names_of_the_state_dict() -> None:
    found = archdsl.load("resnet50").shapes().rows
    names = [row.name for row in found if row.name.startswith("layer1.0") and row.params]
    assert names == [
        "layer1.0",
        "layer1.0.conv1",
        "layer1.0.bn1",
        "layer1.0.conv2",
        "layer1.0.bn2",
        "layer1.0.conv3",
        "layer1.0.bn3",
        "layer1.0.downsample",
        "layer1.0.downsample.0",
        "layer1.0.downsample.1",
    ]


@pytest.mark.parametrize("name", ["resnet50", "vgg16_bn", "vgg11_lrn"])
def test_rows_sum_to_the_row_above(name: str) -> None:
    shapes = archdsl.load(name).shapes()
    top = [row for row in shapes.rows if row.depth == 1]
    assert sum(row.params for row in top) == shapes.params
    assert sum(row.macs for row in top) == shapes.macs
    for number, row in enumerate(shapes.rows):
        below = []
        for other in shapes.rows[number + 1 :]:
            if other.depth <= row.depth:
                break
            if other.depth == row.depth + 1:
                below.append(other)
        if below:
            assert row.params == row.repeat * sum(other.params for other in below), row
            assert row.macs == row.repeat * sum(other.macs for other in below), row


def test_a_repeat_of_several_members_has_a_row_of_its_own() -> None:
    assert outline(rows("[conv3-64 relu] x3")) == [
        (1, "conv1…relu3", "[conv3-64 relu]", 3),
        (2, "conv1", "conv3-64", 1),
        (2, "relu1", "relu", 1),
    ]


def test_a_repeat_whose_first_turn_differs() -> None:
    assert outline(rows("features: [conv3-32 x4]")) == [
        (1, "features", "[conv3-32 ×4]", 1),
        (2, "features.0", "conv3-32", 1),
        (2, "features.1…3", "conv3-32", 3),
    ]


def test_labels_with_an_index() -> None:
    found = rows("d: [ denselayer{i+1}: [conv3-64 relu] x3 as i ]")
    assert outline(found) == [
        (1, "d", "[[conv3-64 relu] ×3]", 1),
        (2, "d.denselayer1…3", "[conv3-64 relu]", 3),
        (3, "d.denselayer1.0", "conv3-64", 1),
        (3, "d.denselayer1.1", "relu", 1),
    ]


def test_an_index_reaches_labels_in_containers() -> None:
    found = rows("[ [a{i}: [b{i}: relu]] ] x2 as i")
    # A label further inside is the module's own, which is built for each turn.
    assert [row.name for row in found if row.layer == "relu"] == ["group1.a0.b0", "group2.a1.b1"]


def test_a_repeat_in_a_repeat() -> None:
    assert outline(rows("f: [[conv3-64 x2 relu] x3]")) == [
        (1, "f", "[[conv3-64 ×2 relu] ×3]", 1),
        (2, "f.0…8", "[conv3-64 ×2 relu]", 3),
        (3, "f.0…1", "conv3-64", 2),
        (3, "f.2", "relu", 1),
    ]


def test_merges() -> None:
    found = rows("f: [concat<conv1-8 relu | conv3-4>]")
    assert [(row.name, row.branch) for row in found] == [
        ("f", None),
        ("f.0", None),
        ("f.0.0.0", 0),
        ("f.0.0.1", None),
        ("f.0.1.0", 1),
    ]
    # Labels in the branches belong to what is around the merge, which is no module then.
    found = rows("f: [concat<a: conv1-8 relu | b: conv3-4> relu]")
    assert [row.name for row in found] == ["f", "", "f.a", "f.relu1", "f.b", "f.relu2"]
    # A label makes the merge itself a container.
    found = rows("m: concat<a: conv1-8 relu | b: conv3-4>")
    assert [row.name for row in found] == ["m", "m.a", "m.relu", "m.b"]


def test_equal_neighbours_are_one_row() -> None:
    block = "block cna = [conv3-64 relu]\n"
    assert outline(rows(f"{block}f: [cna cna cna]", depth=2)) == [
        (1, "f", "[cna cna cna]", 1),
        (2, "f.0…2", "cna", 3),
    ]
    assert [row.repeat for row in rows(f"{block}f: [a: cna b: cna]", depth=2)] == [1, 1, 1]


def test_calls_are_written_with_what_differs_from_the_defaults() -> None:
    blocks = "block b<main>(c, s = 1, act = relu) = [conv3-{c}/{s} main act]\n"
    found = rows(blocks + "b<dropout>(64)\nb<conv1-8 relu>(64, s=2, act=leakyrelu(0.2))", depth=1)
    assert [row.layer for row in found] == ["b<dropout>(64)", "b<conv1-8 relu>(64, s=2, act=leakyrelu(0.2))"]


def test_a_bias_that_a_norm_drops_is_not_written() -> None:
    assert [row.layer for row in rows("conv3-8 bn conv3-8(bias=false)")] == ["conv3-8", "bn", "conv3-8(bias=false)"]


def test_depth_cuts_deeper_rows() -> None:
    assert [row.name for row in rows("f: [g: [conv3-4]]", depth=2)] == ["f", "f.g"]


def test_countless_rows_leave_out_the_deepest_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "AT_MOST", 40)
    doublings = "".join(f"block b{i} = [x: b{i - 1} y: b{i - 1}]\n" for i in range(1, 60))
    found = rows(f"block b0 = [relu]\n{doublings}b59")
    assert len(found) == 1 + 2 + 4 + 8 + 16
    assert max(row.depth for row in found) == 5


@pytest.mark.parametrize(
    ("first", "last", "expected"),
    [
        ("relu", "relu", "relu"),
        ("layer1.1", "layer1.2", "layer1.1…2"),
        ("denselayer1", "denselayer24", "denselayer1…24"),
        ("f.0", "f.19", "f.0…19"),
        ("conv1", "relu3", "conv1…relu3"),
    ],
)
def test_name_ranges(first: str, last: str, expected: str) -> None:
    assert name_range(first, last) == expected
