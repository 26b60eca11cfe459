"""Reading data sets: scikit-learn's digits, those of torchvision in its own layout, folders of images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from archdsl.diagnostics.missing import MissingExtra
from archdsl.recipes.datasets import FOLDER, IMAGES, DataSet, class_folders, parts
from archdsl.recipes.recipe import Recipe
from archdsl.record import record
from archdsl.train.images import AnyImages, Unread
from archdsl.train.randomness import split
from archdsl.weights.preprocessing import Preprocessing

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


def read_data(data: DataSet, recipe: Recipe, preprocessing: Preprocessing) -> Data:
    """A data set's images as the network takes them, but for crops. Raises OSError where files can't be read."""
    found = _Found(preprocessing)
    if data.name.startswith(FOLDER):
        assert data.path is not None
        classes = found.folder(data.path)
    elif data.torchvision is not None:
        classes = found.torchvision(data, recipe)
    else:
        classes = found.digits()
    train, validation, test = (each and each.in_memory() for each in (found.train, found.validation, found.test))
    assert train is not None
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


class _Found:
    """The images of a data set before they are made ready; a part that it doesn't bring is None."""

    def __init__(self, preprocessing: Preprocessing) -> None:
        self.preprocessing = preprocessing
        self.train: Unread | None = None
        self.validation: Unread | None = None
        self.test: Unread | None = None

    def digits(self) -> tuple[str, ...]:
        """1,797 handwritten digits of 8×8 pixels from 0 to 16 (Alpaydin & Kaynak 1998), as scikit-learn ships them."""
        from sklearn.datasets import load_digits

        found = load_digits()
        pixels = torch.from_numpy(found.images).mul(255 / 16).round().to(torch.uint8)[:, None]
        self.train = Unread(pixels, torch.from_numpy(found.target).long(), self.preprocessing)
        return tuple(map(str, range(10)))

    def torchvision(self, data: DataSet, recipe: Recipe) -> tuple[str, ...]:
        from torchvision import datasets

        assert data.torchvision is not None
        kind = getattr(datasets, data.torchvision)
        try:
            found: list[Any] = []
            for train in (True, False):
                part = {"split": "train" if train else "test"} if data.name == "svhn" else {"train": train}
                found.append(kind(str(recipe.data_dir), download=recipe.download, **part))
            self.train, self.test = (self._tensors(each, data) for each in found)
        except OSError:
            raise
        except ImportError as error:
            raise MissingExtra(f"`{data.name}` can't be read without a library: {error}") from error
        except Exception as error:
            # Files of pickles, of MATLAB and of numbers, whose readers make anything of what is damaged.
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            raise OSError(f"`{data.name}` in `{recipe.data_dir}` can't be read: {reason}") from None
        classes = getattr(found[0], "classes", None) or [str(label) for label in range(data.classes)]
        return tuple(map(str, classes))

    def _tensors(self, found: Any, data: DataSet) -> Unread:
        pixels, labels = layout(found)
        if len(pixels) != len(labels) or not len(pixels) or pixels.dtype != torch.uint8:
            raise ValueError("its images and its labels don't belong together")
        if int(labels.min()) < 0 or int(labels.max()) >= data.classes:
            raise ValueError(f"a label is none of its {data.classes} classes")
        return Unread(pixels, labels, self.preprocessing)

    def folder(self, path: Path) -> tuple[str, ...]:
        train, validation, test = parts(path)
        classes = class_folders(train)

        def files(folder: Path | None) -> Unread | None:
            if folder is None:
                return None
            found = [(file, classes.index(name)) for name in class_folders(folder) for file in _files(folder / name)]
            if not found:
                raise OSError(f"there is no image below `{folder}`: files end in {', '.join(IMAGES)}")
            labels = torch.tensor([label for _, label in found])
            return Unread([file for file, _ in found], labels, self.preprocessing)

        self.train, self.validation, self.test = files(train), files(validation), files(test)
        return tuple(classes)


def layout(found: Any) -> tuple[Tensor, Tensor]:
    """What torchvision has read, as pixels [N, C, H, W] whatever its layout, and labels [N]."""
    pixels = torch.as_tensor(found.data)
    labels = torch.as_tensor(getattr(found, "targets", None) if hasattr(found, "targets") else found.labels).long()
    if pixels.ndim == 3:
        pixels = pixels[:, None]
    elif pixels.shape[1] != 3:
        pixels = pixels.permute(0, 3, 1, 2)
    return pixels.contiguous(), labels


def _files(folder: Path) -> Sequence[Path]:
    """The images below a folder, in the order of their paths."""
    found = (Path(inner, name) for inner, _, names in os.walk(folder) for name in names)
    return sorted(path for path in found if path.suffix.lower() in IMAGES and not path.name.startswith("."))


def counts(labels: Tensor, classes: int) -> Tensor:
    """How many images each class has."""
    return torch.bincount(labels.cpu(), minlength=classes)
