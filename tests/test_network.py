"""What a person holds: `load`, `loads` and `Network`."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

import archdsl
from archdsl import ArchError

NET = """
arch net(width = 8, act = relu, unit = cna, rows = [1, 2], deep = false, name = "A", rate = 0.5)
input 3x8x8
block cna(c) = [conv3-{c} act]
block plain(c) = [conv1-{c}]
unit(width)
for r in {rows} [ conv3-{r} ]
if {deep} [ relu ]
dropout(rate)
"""


def layers(**parameters: object) -> list[str]:
    return [row.layer for row in archdsl.loads(NET, **parameters).shapes().rows]


def test_a_network_and_what_it_says_of_itself() -> None:
    network = archdsl.load("resnet50")
    assert (network.name, network.variant) == ("ResNet", "resnet50")
    assert network.input == (3, 224, 224)
    assert network.output == (1000,)
    assert network.parameters["depths"] == (3, 4, 6, 3)
    assert network.check() == []
    assert repr(network) == "<Network ResNet (resnet50): 3x224x224 → 1000>"


def test_shapes() -> None:
    shapes = archdsl.load("resnet18").shapes()
    assert (shapes.params, shapes.macs) == (11_689_512, 1_814_073_344)
    assert (shapes.input, shapes.output, shapes.smallest_input) == ((3, 224, 224), (1000,), 1)
    assert shapes.rows[0].output == (64, 112, 112)
    assert "11,689,512" in str(shapes)


def test_another_input() -> None:
    for given in ("3x64x32", (3, 64, 32), [3, 64, 32]):
        network = archdsl.load("resnet18", input=given)
        assert network.input == (3, 64, 32)
        assert network.shapes().rows[0].output == (64, 32, 16)


@pytest.mark.parametrize("given", ["3x", "x3", "3x0x4", "", "a", "3 x 4", "٣x4", (3, 0, 4), (), (1, 2, 3, 4, 5)])
def test_an_input_that_is_none(given: str | tuple[int, ...]) -> None:
    with pytest.raises(ArchError) as raised:
        archdsl.load("resnet18", input=given)
    assert [each.code for each in raised.value.diagnostics] == ["bad-input"]


def test_variants_and_parameters() -> None:
    assert archdsl.load("resnet.arch").variant == "resnet18"
    assert archdsl.load("resnet.arch", variant="resnet34").variant == "resnet34"
    assert archdsl.load("resnet50", classes=10).output == (10,)


def test_values_of_python() -> None:
    assert layers()[:3] == ["cna(8)", "conv3-8", "relu"]
    assert layers(width=9)[0] == "cna(9)"
    assert layers(act="leakyrelu(0.2)")[2] == "leakyrelu(0.2)"
    assert layers(unit="plain")[:2] == ["plain(8)", "conv1-8"]
    assert layers(rows=[4])[3] == "conv3-4"
    assert layers(deep=True)[-2] == "relu"
    assert archdsl.loads(NET, name="named").parameters["name"] == "A"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({"widht": 3}, "unknown-parameter"),
        ({"unit": "nothing"}, "unknown-name"),
        ({"width": "wide"}, "bad-argument"),
        ({"width": 0}, "bad-argument"),
    ],
)
def test_wrong_parameters(parameters: dict[str, object], code: str) -> None:
    with pytest.raises(ArchError) as raised:
        archdsl.loads(NET, **parameters)
    assert code in [each.code for each in raised.value.diagnostics]


@pytest.mark.parametrize("value", [None, object(), {1: 2}, 1j])
def test_what_the_language_has_no_value_for(value: object) -> None:
    with pytest.raises(TypeError, match="width can't be"):
        archdsl.loads(NET, width=value)


def test_an_unknown_variant() -> None:
    with pytest.raises(ArchError, match="has no variant `resnet51`"):
        archdsl.load("resnet.arch", variant="resnet51")


def test_text_with_windows_line_ends_and_byte_order_mark() -> None:
    text = "\ufeffarch net\r\ninput 3x8x8\r\ntable\r\n| a |\r\n| relu |\r\n"
    assert archdsl.loads(text).output == (3, 8, 8)


@pytest.mark.parametrize("text", ["arch net\rinput 3\rrelu\r", "arch net\ninput 3\nrelu\0\n"])
def test_what_is_no_text(text: str) -> None:
    with pytest.raises(ArchError, match="unreadable-text"):
        archdsl.loads(text)


def test_a_library_is_no_network() -> None:
    with pytest.raises(ArchError, match="holds only blocks"):
        archdsl.loads("block a = [relu]\n")


def test_a_diagram(tmp_path: Path) -> None:
    path = archdsl.load("resnet18").diagram(tmp_path / "net.dot")
    assert path.read_text(encoding="utf-8").startswith("digraph")


def test_public_names() -> None:
    for name in archdsl.__all__:
        assert getattr(archdsl, name) is not None
        assert name in dir(archdsl)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        archdsl.nothing  # noqa: B018


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project.get("version", archdsl.__version__) == archdsl.__version__


@pytest.mark.parametrize(
    ("shortcut", "code"),
    [
        ("optional(bn=false)", "unknown-argument"),
        ("optional-8", "unexpected-number"),
        ("project(norm=false)", "unknown-argument"),
        ("project-8", "unexpected-number"),
        ("project/2", "unexpected-number"),
    ],
)
@pytest.mark.parametrize("main", ["conv3-8", "conv3-8/2"])
def test_nothing_beside_the_word_of_a_shortcut_is_passed_over(main: str, shortcut: str, code: str) -> None:
    with pytest.raises(ArchError) as raised:
        archdsl.loads(f"arch net\ninput 8x4x4\nresidual<{main} | {shortcut}>\n")
    assert [each.code for each in raised.value.diagnostics] == [code]
