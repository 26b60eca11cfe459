"""Shape rules run again on another input give what elaborating for that input gives."""

from __future__ import annotations

import pytest

import archdsl
from archdsl.analysis.trace import Tracer
from archdsl.diagnostics import ArchError
from archdsl.ir.marks import spelled
from archdsl.layers.base import Layer
from archdsl.shape import Shape

UNET = """
arch net
input 3x32x32
e1: conv3-8  maxpool
e2: [conv3-16 relu]  maxpool
conv3-32
deconv2-16/2  concat<@e2 | identity>
deconv2-8/2   concat<@e1 | identity>
"""


@pytest.mark.parametrize("name", ["resnet18", "resnet50", "vgg16_bn", "vgg16.arch"])
@pytest.mark.parametrize("sides", [(64, 64), (33, 97)])
def test_as_elaborated_for_that_input(name: str, sides: tuple[int, int]) -> None:
    network = archdsl.load(name)
    there = archdsl.load(name, input=(3, *sides))
    traced = Tracer()(network.architecture.body, Shape.of((3, *sides)))
    assert traced.output == there.architecture.output


def test_references_and_the_shapes_of_labels() -> None:
    network = archdsl.loads(UNET)
    traced = Tracer()(network.architecture.body, Shape.of((3, 64, 48)))
    assert str(traced.output) == "16x64x48"
    assert {spelled(path): str(shape) for path, shape in traced.marks.items()} == {"e1": "8x64x48", "e2": "16x32x24"}


def test_labels_in_containers_are_reached_by_dots() -> None:
    network = archdsl.loads("arch net\ninput 3x8x8\nf: [a: conv3-4 m: [b: maxpool]]\nconcat<@f.m.b | identity>\n")
    marks = Tracer()(network.architecture.body, Shape.of((3, 12, 12))).marks
    assert {spelled(path): str(shape) for path, shape in marks.items()} == {
        "f": "4x6x6",
        "f.a": "4x12x12",
        "f.m": "4x6x6",
        "f.m.b": "4x6x6",
    }


def test_branches_that_no_longer_fit() -> None:
    network = archdsl.loads(UNET)
    with pytest.raises(ArchError, match="branches of `concat` make different shapes"):
        Tracer()(network.architecture.body, Shape.of((3, 30, 30)))


def test_a_window_that_no_longer_fits_has_its_place() -> None:
    network = archdsl.loads("arch net\ninput 1x8x8\nmaxpool x3\n")
    with pytest.raises(ArchError) as raised:
        Tracer()(network.architecture.body, Shape.of((1, 7, 7)))
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "shape-too-small"
    assert diagnostic.at is not None
    assert diagnostic.at.text == "maxpool"


@pytest.mark.parametrize(
    "body",
    [
        "residual<conv3-8/2 | optional>",
        "residual<conv3-4 | optional>",
        "residual<conv3-8/2 bn | project>",
        "residual<conv3-4 bn | project>",
        "residual<conv3-8/2 | conv1-8/2 bn>",
        "add<conv3-4 | identity>",
        "mul<identity | gap fc-2 relu fc-4 sigmoid>",
        "mul<adaptive-avgpool1 conv1-4 sigmoid | identity>",
        "block se = [mul<identity | gap fc-4 sigmoid>]\nse x3",
    ],
)
def test_merges(body: str) -> None:
    text = f"arch net\ninput 4x16x16\n{body}\n"
    there = archdsl.loads(text, input=(4, 9, 5))
    traced = Tracer()(archdsl.loads(text).architecture.body, Shape.of((4, 9, 5)))
    assert traced.output == there.architecture.output


def test_a_repeat_costs_its_distinct_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    network = archdsl.loads("arch net\ninput 64x8x8\n[residual<conv3-64 bn relu conv3-64 bn> relu] x1000000\n")
    calls = []
    check = Layer.check
    monkeypatch.setattr(Layer, "check", lambda self, x: (calls.append(x), check(self, x))[1])
    Tracer()(network.architecture.body, Shape.of((64, 9, 9)))
    assert len(calls) == 6


def test_a_chain_that_changes_shape_is_gone_through_turn_by_turn() -> None:
    network = archdsl.loads("arch net\ninput 1x64x64\nmaxpool x5\n")
    assert str(Tracer()(network.architecture.body, Shape.of((1, 96, 32))).output) == "1x3x1"
