"""Data sets: torchvision's layout, folders of images, and what is said where they aren't what they should be."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy
import pytest
import torch
from PIL import Image

from archdsl.recipes.datasets import DataSet
from archdsl.train import images as images_module
from archdsl.train.batches import Share, TrainingBatches, steps
from archdsl.train.images import Images, Unread
from archdsl.train.preparation import Preparation
from archdsl.train.randomness import begin, derived, generator, order, split
from archdsl.train.reading import layout
from archdsl.weights.preprocessing import Preprocessing

from .conftest import Commands


def write_idx(path: Path, values: numpy.ndarray) -> None:
    """A file as MNIST's: a magic number with the type and the number of axes, the sizes, the bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    header = struct.pack(f">I{values.ndim}I", 0x800 | values.ndim, *values.shape)
    path.write_bytes(header + values.astype(numpy.uint8).tobytes())


def write_mnist(folder: Path, train: int = 300, test: int = 40) -> None:
    """Bars whose place says their class, in torchvision's layout."""
    draw = numpy.random.default_rng(0)
    for name, count in (("train", train), ("t10k", test)):
        labels = draw.integers(10, size=count)
        pixels = draw.integers(60, size=(count, 28, 28))
        for image, label in zip(pixels, labels, strict=True):
            image[2 * label + 4 : 2 * label + 6] = 255
        write_idx(folder / "MNIST" / "raw" / f"{name}-images-idx3-ubyte", pixels)
        write_idx(folder / "MNIST" / "raw" / f"{name}-labels-idx1-ubyte", labels)


def test_the_layout_of_torchvision(run: Commands) -> None:
    write_mnist(run.folder / "data")
    ran = run.train(*("--data", "mnist", "--epochs", "4", "--lr", "0.01", "--batch-size", "32"), spec="lecture-resized")
    assert run.metrics()["images"] == {"train": 270, "validation": 30, "test": 40}
    assert run.metrics()["test_accuracy"] > 0.9
    assert "held out as a test set" not in ran.out
    assert json.loads((run.folder / "run" / "preparation.json").read_text(encoding="utf-8"))["classes"][0] == "0 - zero"


def test_data_that_is_not_there(run: Commands) -> None:
    ran = run.train("--data", "mnist", "--data-dir", "nowhere", status=1)
    assert "error[data-not-found]" in ran.err
    assert "nowhere/MNIST/raw/train-images-idx3-ubyte" in ran.err
    assert "`--download` fetches it" in ran.err
    assert not (run.folder / "run").exists()


def test_damaged_data_is_said(run: Commands) -> None:
    write_mnist(run.folder / "data", 20, 10)
    (run.folder / "data" / "MNIST" / "raw" / "train-images-idx3-ubyte").write_bytes(b"\0\0\x08\x03")
    ran = run.train("--data", "mnist", spec="lecture-resized", status=2)
    assert "`mnist` in `data` can't be read" in ran.err


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        ("mnits", "unknown-data", "`mnist`"),
        ("own", "unknown-data", "`folder:own`"),
        ("folder:own/a", "data-not-found", "a folder a class is needed"),
        ("folder:none", "data-not-found", "CLASS/NAME.jpg"),
    ],
)
def test_what_is_no_data(run: Commands, name: str, code: str, said: str) -> None:
    (run.folder / "own" / "a").mkdir(parents=True)
    ran = run.train("--data", name, status=1)
    assert f"error[{code}]" in ran.err
    assert said in ran.err


def colours(folder: Path, count: int, size: tuple[int, int] = (12, 16)) -> None:
    """Images of three classes, red, green and blue, of several sizes."""
    draw = numpy.random.default_rng(len(folder.name))
    for channel, name in enumerate(("blue", "green", "red")):
        (folder / name).mkdir(parents=True)
        for number in range(count):
            pixels = draw.integers(80, size=(size[0] + number % 3, size[1], 3), dtype=numpy.uint8)
            pixels[..., 2 - channel] += 150
            Image.fromarray(pixels).save(folder / name / f"{number:03}.png")


RGB = "arch net(classes = 10)\ninput 3x8x8\nconv3-8 bn relu gap fc-{classes}\n"


def test_a_folder_of_images(run: Commands) -> None:
    (run.folder / "net.arch").write_text(RGB, encoding="utf-8")
    colours(run.folder / "own", 20)
    ran = run.train("--data", "folder:own", "--epochs", "15", "--lr", "0.05", "--batch-size", "16", spec="net.arch")
    assert "classes = 3, as folder:own has" in ran.out
    assert run.metrics()["images"] == {"train": 42, "validation": 6, "test": 12}
    assert run.metrics()["test_accuracy"] > 0.9
    # Other data of the same classes is judged too, and of other classes not.
    colours(run.folder / "more", 5)
    found = json.loads(run("evaluate", "run", "--data", "folder:more", "--part", "train", "--format", "json").out)
    assert found["accuracy"] > 0.8
    (run.folder / "more" / "red").rename(run.folder / "more" / "pink")
    assert "error[classes-mismatch]" in run("evaluate", "run", "--data", "folder:more").err


def test_a_folder_with_its_own_parts(run: Commands) -> None:
    (run.folder / "net.arch").write_text(RGB, encoding="utf-8")
    for part, count in (("train", 6), ("val", 2), ("test", 3)):
        colours(run.folder / "own" / part, count)
    run.train("--data", "folder:own", "--epochs", "1", "--batch-size", "6", spec="net.arch")
    assert run.metrics()["images"] == {"train": 18, "validation": 6, "test": 9}
    (run.folder / "own" / "test" / "red").rename(run.folder / "own" / "test" / "pink")
    ran = run.train("--data", "folder:own", spec="net.arch", out="b", status=1)
    assert "has the class `pink`" in ran.err


@pytest.mark.parametrize("workers", ["0", "2"])
def test_images_that_memory_does_not_hold(run: Commands, monkeypatch: pytest.MonkeyPatch, workers: str) -> None:
    (run.folder / "net.arch").write_text(RGB, encoding="utf-8")
    colours(run.folder / "own", 10)
    options = ("--data", "folder:own", "--epochs", "2", "--batch-size", "7", "--flip", "--resize", "10", "--crop", "8")
    run.train(*options, spec="net.arch", out="held")
    monkeypatch.setattr(images_module, "MOST_IN_MEMORY", 0)
    run.train(*options, "--workers", workers, spec="net.arch", out="read")
    held, read = run.metrics("held"), run.metrics("read")
    for name in ("train_loss", "val_loss", "test_loss"):
        assert held[name] == read[name]


def test_a_file_that_is_no_image(run: Commands) -> None:
    (run.folder / "net.arch").write_text(RGB, encoding="utf-8")
    colours(run.folder / "own", 4)
    (run.folder / "own" / "red" / "x.png").write_bytes(b"no image")
    ran = run.train("--data", "folder:own", spec="net.arch", status=2)
    assert "own/red/x.png: this is no image" in ran.err


def shown(channels: int, crop: tuple[int, int], resize: tuple[int, int]) -> Preprocessing:
    """Values in [0, 1]."""
    return Preprocessing(crop, resize, "bilinear", (0.0,) * channels, (1.0,) * channels)


def test_channels_and_sizes() -> None:
    labels = torch.zeros(3, dtype=torch.int64)
    pixels = torch.randint(256, (3, 1, 8, 8), dtype=torch.uint8)
    assert torch.equal(Unread(pixels, labels, shown(3, (8, 8), (8, 8))).take(torch.arange(3))[:, 2], pixels[:, 0])
    # As they are where nothing is to be done to them.
    same = Unread(pixels, labels, shown(1, (8, 8), (8, 8))).in_memory()
    assert isinstance(same, Images)
    assert same.pixels is pixels
    colour = torch.randint(256, (1, 3, 9, 9), dtype=torch.uint8)
    image = Image.fromarray(colour[0].permute(1, 2, 0).numpy())
    small = Unread(colour, labels[:1], shown(1, (5, 5), (5, 5))).take(torch.tensor([0]))
    assert small[0, 0].tolist() == numpy.array(image.convert("L").resize((5, 5), Image.Resampling.BILINEAR)).tolist()


def test_an_image_of_another_shape_is_cut_in_the_middle(tmp_path: Path) -> None:
    pixels = numpy.zeros((10, 30, 3), dtype=numpy.uint8)
    pixels[:, 10:20] = 200
    Image.fromarray(pixels).save(tmp_path / "a.png")
    files = Unread([tmp_path / "a.png"], torch.tensor([0]), shown(1, (10, 10), (10, 10)))
    assert torch.equal(files.take(torch.tensor([0]))[0], torch.full((1, 10, 10), 200, dtype=torch.uint8))


def test_layouts_of_torchvision_become_one() -> None:
    class Found:
        def __init__(self, data: object, **labels: object) -> None:
            self.data = data
            vars(self).update(labels)

    cifar = numpy.arange(2 * 4 * 4 * 3, dtype=numpy.uint8).reshape(2, 4, 4, 3)
    assert torch.equal(layout(Found(cifar, targets=[0, 1]))[0][0, 2], torch.from_numpy(cifar[0, :, :, 2]))
    svhn = numpy.zeros((2, 3, 4, 4), dtype=numpy.uint8)
    assert layout(Found(svhn, labels=numpy.array([3, 4])))[1].tolist() == [3, 4]
    mnist = torch.zeros(2, 4, 4, dtype=torch.uint8)
    assert layout(Found(mnist, targets=torch.tensor([1, 2])))[0].shape == (2, 1, 4, 4)


def test_crops_and_mirrors_are_parts_of_the_image() -> None:
    pixels = torch.arange(2 * 5 * 5, dtype=torch.uint8).reshape(2, 1, 5, 5)
    preparation = Preparation(shown(1, (3, 3), (5, 5)), True)
    seen = set()
    for seed in range(200):
        out = (preparation.training(pixels, generator(seed), 2, slice(None)) * 255).round().to(torch.uint8)
        corner = tuple(sorted((int(out[0, 0, 0, 0]), int(out[0, 0, 0, 2]))))
        seen.add((corner, bool(out[0, 0, 0, 0] > out[0, 0, 0, 2])))
        top, left = divmod(corner[0], 5)
        part = pixels[0, 0, top : top + 3, left : left + 3]
        assert torch.equal(out[0, 0], part.flip(1) if out[0, 0, 0, 0] > out[0, 0, 0, 2] else part)
    assert len(seen) == 9 * 2
    middle = preparation.evaluation(pixels)
    assert torch.equal((middle * 255).round().to(torch.uint8), pixels[:, :, 1:4, 1:4])


def test_a_process_draws_what_one_alone_would() -> None:
    pixels = torch.randint(256, (7, 3, 6, 6), dtype=torch.uint8)
    preparation = Preparation(shown(3, (4, 4), (6, 6)), True)
    whole = preparation.training(pixels, generator(1), 7, slice(None))
    for rank in range(3):
        part = Share(rank, 3).part
        assert torch.equal(preparation.training(pixels[part], generator(1), 7, part), whole[part])


def test_every_image_once_in_an_epoch() -> None:
    images = Images(torch.zeros(23, 1, 2, 2, dtype=torch.uint8), torch.zeros(23, dtype=torch.int64))
    taken = [
        torch.cat([batch.places for batch in TrainingBatches(images, 5, 0, Share(rank, 3), 2, 0, 0)]).tolist()
        for rank in range(3)
    ]
    assert sorted(place for mine in taken for place in mine) == list(range(23))
    assert order(0, 1, 50).tolist() != order(0, 2, 50).tolist()
    assert derived(1, "a", 2) != derived(1, "a", 3)


def test_what_pytorch_draws_derives_from_the_place_and_no_other_device_is_sought(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(derived(3, "step", 1, 2))
    wanted = torch.rand(4)
    # It notes for each device that isn't in use that it is to be seeded should it be, at each step anew.
    monkeypatch.setattr(torch, "manual_seed", None)
    begin(3, "step", 1, 2, device=torch.device("cpu"))
    assert torch.equal(torch.rand(4), wanted)
    begin(3, "step", 1, 3, device=torch.device("cpu"))
    assert not torch.equal(torch.rand(4), wanted)


@pytest.mark.parametrize(("count", "size", "sizes"), [(9, 4, [4, 5]), (8, 4, [4, 4]), (10, 4, [4, 4, 2]), (1, 4, [1])])
def test_no_batch_of_one_image_behind_others(count: int, size: int, sizes: list[int]) -> None:
    assert [end - start for start, end in steps(count, size)] == sizes


def test_a_split_keeps_the_parts_of_the_classes() -> None:
    labels = torch.tensor([0] * 50 + [1] * 30)
    rest, held = split(labels, 0.2, 0, "test")
    assert labels[held].bincount().tolist() == [10, 6]
    assert sorted([*rest.tolist(), *held.tolist()]) == list(range(80))
    assert held.tolist() != split(labels, 0.2, 1, "test")[1].tolist()


def test_files_are_known_by_their_data_set(tmp_path: Path) -> None:
    files = Unread([tmp_path / "a.png"], torch.tensor([0]), shown(1, (4, 4), (4, 4)))
    assert len(files.subset(torch.tensor([0, 0]))) == 2
    assert DataSet("a", 1, None, 2).layout == ()
