"""torchvision's published weights, from files where its own cache has them; nothing is downloaded."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import torchvision
from torch import Tensor

import archdsl
from archdsl.diagnostics import ArchError
from archdsl.runtime.weights.published import published_weights
from archdsl.weights.preprocessing import IMAGENET_MEAN

from ..specs.specs_under_test import TORCHVISION
from ..specs.test_torchvision import theirs
from .networks import meta_state


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache of torch.hub, and no network."""

    def no_network(*arguments: Any, **options: Any) -> Any:
        raise urllib.error.URLError(OSError(-3, "Temporary failure in name resolution"))

    monkeypatch.setattr(torch.hub, "urlopen", no_network)
    before = torch.hub.get_dir()
    torch.hub.set_dir(tmp_path)
    (tmp_path / "checkpoints").mkdir()
    yield tmp_path / "checkpoints"
    torch.hub.set_dir(before)


def weights_of(name: str) -> Any:
    return torchvision.models.get_model_weights(name)[TORCHVISION[name].recipe]


def as_published(name: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under the keys that torchvision's file has: DenseNet's are from when names might have dots."""
    if not name.startswith("densenet"):
        return tensors
    pattern = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))([12])\.")
    return {
        pattern.sub(r"\1.\2.", key): each for key, each in tensors.items() if not key.endswith("num_batches_tracked")
    }


@pytest.mark.parametrize("name", TORCHVISION)
def test_all_by_name(name: str, cache: Path) -> None:
    # One number stands for all of a tensor, so that no file is large.
    tensors = {key: torch.zeros((), dtype=each.dtype).expand(each.shape) for key, each in meta_state(name).items()}
    held = as_published(name, tensors)
    torch.save(held, cache / Path(weights_of(name).url).name)
    weights = published_weights(TORCHVISION[name].recipe, name)
    fitted = archdsl.load(name).fit(weights)
    assert fitted.complete
    assert len(fitted.placed) == len(held)
    assert {each.by for each in fitted.placed} == {"name"}
    assert len(fitted.placed) + len(fitted.zeroed) == len(fitted.needed) == len(tensors)
    transforms = weights_of(name).transforms()
    assert weights.preprocessing is not None
    assert weights.preprocessing.crop == (transforms.crop_size[0],) * 2
    assert weights.preprocessing.resize == (transforms.resize_size[0],) * 2
    assert weights.preprocessing.mean == IMAGENET_MEAN
    assert weights.preprocessing.rescaled == (name in ("googlenet", "inception_v3"))
    assert len(weights.classes) == 1000
    assert weights.classes[281] == "tabby"


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "shufflenet_v2_x0_5"])
def test_loaded_outputs(name: str, cache: Path) -> None:
    reference = theirs(name).eval()
    torch.save(reference.state_dict(), cache / Path(weights_of(name).url).name)
    module = archdsl.load(name).load(f"torchvision:{TORCHVISION[name].recipe}").eval()
    image = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        assert torch.equal(module(image), reference(image))


def test_full_names_and_the_default(cache: Path) -> None:
    for enum, entry in (("ResNet18_Weights", "IMAGENET1K_V1"), ("ResNet50_Weights", "IMAGENET1K_V2")):
        weights = torchvision.models.get_weight(f"{enum}.{entry}")
        torch.save({"a": torch.zeros(1)}, cache / Path(weights.url).name)
    assert published_weights("ResNet18_Weights.IMAGENET1K_V1", None).name == (
        "torchvision:ResNet18_Weights.IMAGENET1K_V1"
    )
    assert published_weights("DEFAULT", "resnet50").name == "torchvision:ResNet50_Weights.IMAGENET1K_V2"


@pytest.mark.parametrize(
    ("name", "network", "message"),
    [
        ("IMAGENET1K_V9", "resnet50", "there is `IMAGENET1K_V1`, `IMAGENET1K_V2`"),
        ("IMAGENET1K_V1", "lenet5", "torchvision has no model `lenet5`"),
        ("IMAGENET1K_V1", None, "their full name: `torchvision:ResNet50_Weights.IMAGENET1K_V2`"),
        ("ResNet5_Weights.IMAGENET1K_V1", None, "one with a similar name exists: `ResNet50_Weights`"),
        ("os.system", "resnet50", "torchvision has no weights `os`"),
        ("__class__", "resnet50", "torchvision has no weights `__class__` for `resnet50`"),
    ],
)
def test_names_that_are_none(name: str, network: str | None, message: str) -> None:
    with pytest.raises(ArchError) as raised:
        published_weights(name, network)
    assert message in str(raised.value)
    assert raised.value.diagnostics[0].code == "unknown-published-weights"


def test_no_network(cache: Path) -> None:
    with pytest.raises(OSError, match=r"ResNet50_Weights\.IMAGENET1K_V2 couldn't be fetched from https://") as raised:
        archdsl.load("resnet50").load("torchvision:IMAGENET1K_V2")
    assert "Temporary failure in name resolution" in str(raised.value)
    assert str(cache) in str(raised.value)
    assert not list(cache.iterdir())
