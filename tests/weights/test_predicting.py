"""Images made ready, heads found, and maps of scores."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from PIL import Image

import archdsl
from archdsl.analysis.head import Head, head
from archdsl.diagnostics import ArchError
from archdsl.runtime.images import normalized, open_image, prepared
from archdsl.runtime.predicting import predict, score_map, seeing
from archdsl.weights.preprocessing import Preprocessing, usual

from .networks import random_state, small


def picture(width: int, height: int, mode: str = "RGB") -> Image.Image:
    noise = torch.randint(0, 256, (height, width, 3), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    return Image.fromarray(noise.numpy()).convert(mode)


@pytest.mark.parametrize("name", ["resnet50", "mobilenet_v2", "inception_v3", "vgg16"])
def test_images_are_made_ready_as_torchvision_does(name: str) -> None:
    from archdsl.runtime.weights.published import _preprocessing

    chosen = torchvision.models.get_model_weights(name).DEFAULT
    ours = _preprocessing(chosen, False)
    for image in (picture(400, 300), picture(200, 640)):
        assert torch.equal(prepared(image, ours)[0], chosen.transforms()(image))


@pytest.mark.parametrize("name", ["googlenet", "inception_v3"])
def test_what_torchvision_does_in_its_network_is_done_ahead_of_ours(name: str) -> None:
    """`transform_input`, which its weights come with: the outputs are equal to the last bit."""
    torch.manual_seed(0)
    reference = getattr(torchvision.models, name)(weights=None, init_weights=False, transform_input=True).eval()
    module = archdsl.load(name).load(reference.state_dict()).eval()
    side = 96
    plain = Preprocessing((side, side), (side, side))
    rescaled = Preprocessing((side, side), (side, side), rescaled=True)
    image = picture(side, side)
    with torch.no_grad():
        assert torch.equal(module(prepared(image, rescaled)), reference(prepared(image, plain)))
        assert not torch.equal(module(prepared(image, plain)), reference(prepared(image, plain)))


def test_preprocessing_as_text() -> None:
    for each in (
        Preprocessing((224, 200), (256, 201)),
        Preprocessing((28, 28), (28, 28), "nearest", (0.1,), (0.3,)),
        Preprocessing((9, 9), (9, 9), rescaled=True),
    ):
        assert Preprocessing.from_json(each.to_json()) == each
    old = Preprocessing((28, 28), (32, 32)).to_json().replace("[28, 28]", "28").replace("[32, 32]", "32")
    assert Preprocessing.from_json(old) == Preprocessing((28, 28), (32, 32))
    assert "assumed" in usual(3, (224, 224)).describe()
    assert usual(3, (224, 448)).resize == (256, 512)
    assert usual(1, (28, 28)).mean == (0.0,)
    assert "assumed" not in usual(3, (224, 224)).with_values(crop=(96, 96)).describe()


SCORED = {
    "gap": "arch n  input 3x16x16  conv3-8/2 relu conv1-5 gap",
    "gap and dropout": "arch n  input 3x16x16  features: [conv3-8/2 relu] classifier: [conv1-5 relu gap]",
    "fc": "arch n  input 3x16x16  conv3-8/2 relu gap dropout fc-5",
    "fc in a group": "arch n  input 3x16x16  features: [conv3-8/2 relu] adaptive-avgpool1 classifier: [dropout fc-5]",
    "conv-head": "arch n  input 3x16x16  conv3-8/2 relu conv-head-5",
    "map": "arch n  input 3x16x16  conv3-8/2 relu conv1-5",
}


@pytest.mark.parametrize("kind", SCORED)
def test_maps_of_scores(kind: str) -> None:
    network = archdsl.loads(SCORED[kind])
    loaded = network.loaded(random_state(network))
    found = head(network.architecture)
    image = picture(40, 30)
    scores = score_map(seeing(loaded), found, image)
    assert scores.shape[0] == 5
    values = normalized(image, loaded.preprocessing)
    with torch.no_grad():
        if found.kind in ("pooled", "linear"):
            # The whole image's scores are the mean over its places.
            torch.testing.assert_close(scores.mean((1, 2)), loaded.module(values)[0])
            assert scores.shape[1:] == (15, 20)
        elif found.kind == "window":
            # At the trained size there is one place, and it has the network's scores.
            small_image = picture(16, 16)
            alone = score_map(seeing(loaded), found, small_image)
            torch.testing.assert_close(alone[:, 0, 0], loaded.module(normalized(small_image, loaded.preprocessing))[0])
            assert scores.shape[1:] == (8, 13)
        else:
            torch.testing.assert_close(scores, loaded.module(values)[0])


@pytest.mark.parametrize(
    "name",
    ["squeezenet1_1", "nin", "allcnn_c", "resnet18", "mobilenet_v2", "densenet121", "googlenet", "lecture-allconv"],
)
def test_heads_of_known_networks(name: str) -> None:
    network = archdsl.load(name)
    found = head(network.architecture)
    assert found.kind in ("pooled", "linear", "map")
    with torch.device("meta"):
        module = network.module()
    for each in (found.pool, found.linear):
        assert each is None or module.get_submodule(each) is not None


@pytest.mark.parametrize("name", ["vgg16", "alexnet", "lenet5"])
def test_heads_that_give_no_map(name: str) -> None:
    with pytest.raises(ArchError, match="is not convolutional, so that it gives no map"):
        head(archdsl.load(name).architecture)


def test_a_map_of_a_segmentation_is_its_output() -> None:
    assert head(archdsl.load("fcn32s").architecture) == Head("map")


def test_predictions() -> None:
    network = small()
    loaded = network.loaded(random_state(network))
    found = predict(seeing(loaded), picture(20, 30), ("a", "b", "c", "d", "e"), top=9)
    assert len(found) == 5
    assert sum(each.probability for each in found) == pytest.approx(1)
    assert [each.name for each in found] == ["abcde"[each.index] for each in found]
    segmentation = archdsl.loads(SCORED["map"])
    with pytest.raises(ValueError, match="scores of classes are a vector"):
        predict(seeing(segmentation.loaded(random_state(segmentation))), picture(20, 30), ())


def test_images_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"no image")
    with pytest.raises(OSError, match="this is no image, or a broken one"):
        open_image(tmp_path / "a.png")
    picture(64, 64).save(tmp_path / "b.png")
    (tmp_path / "b.png").write_bytes((tmp_path / "b.png").read_bytes()[:3000])
    with pytest.raises(OSError, match=r"b\.png|truncated"):
        open_image(tmp_path / "b.png")
    picture(8, 8, "L").save(tmp_path / "grey.png")
    assert open_image(tmp_path / "grey.png").mode == "RGB"
    assert open_image(tmp_path / "grey.png", 1).mode == "L"
    picture(8, 8).convert("RGBA").save(tmp_path / "clear.png")
    assert open_image(tmp_path / "clear.png").mode == "RGB"
    with pytest.raises(ValueError, match="one channel or three, and the network takes 4"):
        open_image(tmp_path / "grey.png", 4)
