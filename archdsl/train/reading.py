"""Reading data sets: scikit-learn's digits, those of torchvision in its own layout, folders of images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from archdsl.recipes.datasets import FOLDER, IMAGES, DataSet, class_folders, parts
from archdsl.recipes.fitting import Fitted
from archdsl.recipes.recipe import Recipe
from archdsl.record import record
from archdsl.train.images import AnyImages, ImageFiles, Images, in_channels, resized
from archdsl.train.randomness import split

TEST_PART = 0.2
"""What is held out for the test where a data set brings none: always the same images, whatever the seed."""


@record
class Data:
    """The images of a training: to learn from, to choose by (none where nothing is held out), and to test on once."""

    train: AnyImages
    validation: AnyImages
    test: AnyImages
    classes: tuple[str, ...]
    notes: tuple[str, ...]


def read_data(data: DataSet, recipe: Recipe, fitted: Fitted) -> Data:
    """A data set's images as the network takes them, but for crops. Raises OSError where files can't be read."""
    size, channels = fitted.resize, fitted.channels
    validation: AnyImages | None = None
    train: AnyImages
    test: AnyImages | None
    if data.name.startswith(FOLDER):
        assert data.path is not None
        train, validation, test, classes = _folder(data.path, channels, size)
    elif data.torchvision is not None:
        train, test, classes = _torchvision(data, recipe)
    else:
        train, test, classes = _digits()
    train, test = _shown(train, channels, size), None if test is None else _shown(test, channels, size)
    notes = []
    if test is None:
        rest, held = split(train.labels, TEST_PART, 0, "test")
        notes.append(f"{len(held):,} of {len(train):,} images are held out as a test set, the same whatever the seed")
        train, test = train.subset(rest), train.subset(held)
    if validation is None:
        rest, held = split(train.labels, recipe.validation, recipe.seed, "validation")
        if len(held):
            notes.append(
                f"{len(held):,} of {len(train):,} images for training are held out for validation, by the seed"
            )
        train, validation = train.subset(rest), train.subset(held)
    return Data(train, validation, test, classes, tuple(notes))


def _shown(images: AnyImages, channels: int, size: tuple[int, int]) -> AnyImages:
    if isinstance(images, ImageFiles):
        return images.in_memory()
    pixels = in_channels(images.pixels, channels)
    return Images(resized(pixels, size), images.labels)


def _digits() -> tuple[Images, None, tuple[str, ...]]:
    """1,797 handwritten digits of 8×8 pixels from 0 to 16 (Alpaydin & Kaynak 1998), as scikit-learn ships them."""
    from sklearn.datasets import load_digits

    found = load_digits()
    pixels = torch.from_numpy(found.images).mul(255 / 16).round().to(torch.uint8)[:, None]
    return Images(pixels, torch.from_numpy(found.target).long()), None, tuple(map(str, range(10)))


def _torchvision(data: DataSet, recipe: Recipe) -> tuple[Images, Images, tuple[str, ...]]:
    from torchvision import datasets

    assert data.torchvision is not None
    kind = getattr(datasets, data.torchvision)
    try:
        found: list[Any] = []
        for train in (True, False):
            part = {"split": "train" if train else "test"} if data.name == "svhn" else {"train": train}
            found.append(kind(str(recipe.data_dir), download=recipe.download, **part))
    except (RuntimeError, ValueError, EOFError) as error:
        reason = " ".join(str(error).split())
        raise OSError(f"`{data.name}` in `{recipe.data_dir}` can't be read: {reason}") from None
    first, last = (_tensors(each) for each in found)
    classes = getattr(found[0], "classes", None) or [str(label) for label in range(data.classes)]
    return first, last, tuple(map(str, classes))


def _tensors(found: Any) -> Images:
    """What torchvision has read, as [N, C, H, W] whatever its layout."""
    pixels = torch.as_tensor(found.data)
    labels = torch.as_tensor(getattr(found, "targets", None) if hasattr(found, "targets") else found.labels).long()
    if pixels.ndim == 3:
        pixels = pixels[:, None]
    elif pixels.shape[1] != 3:
        pixels = pixels.permute(0, 3, 1, 2)
    return Images(pixels.contiguous(), labels)


def _folder(
    path: Path, channels: int, size: tuple[int, int]
) -> tuple[ImageFiles, AnyImages | None, ImageFiles | None, tuple[str, ...]]:
    train, validation, test = parts(path)
    classes = class_folders(train)

    def files(folder: Path) -> ImageFiles:
        found = [(file, classes.index(name)) for name in class_folders(folder) for file in _files(folder / name)]
        if not found:
            raise OSError(f"there is no image below `{folder}`: files end in {', '.join(IMAGES)}")
        labels = torch.tensor([label for _, label in found])
        return ImageFiles([file for file, _ in found], labels, channels, size)

    held = files(validation).in_memory() if validation else None
    return files(train), held, files(test) if test else None, tuple(classes)


def _files(folder: Path) -> Sequence[Path]:
    """The images below a folder, in the order of their paths."""
    found = (Path(inner, name) for inner, _, names in os.walk(folder) for name in names)
    return sorted(path for path in found if path.suffix.lower() in IMAGES and not path.name.startswith("."))


def counts(labels: Tensor, classes: int) -> Tensor:
    """How many images each class has."""
    return torch.bincount(labels.cpu(), minlength=classes)
