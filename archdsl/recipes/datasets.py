"""Data sets by name: what their images are, and where their files must lie. Nothing is read here."""

from __future__ import annotations

import os
from pathlib import Path

from archdsl.diagnostics import ArchError, Diagnostic, similar_help
from archdsl.record import record

FOLDER = "folder:"

IMAGES = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")
"""Endings of the files that are images, as torchvision's ImageFolder takes them."""


class UnknownData(Diagnostic):
    """A name that is no data set."""

    code = "unknown-data"


class DataNotFound(Diagnostic):
    """A data set whose files aren't where they are looked for."""

    code = "data-not-found"


@record
class DataSet:
    """A data set: its name, its images' channels, height and width, and its classes.

    `size` is None where the images may have any.
    """

    name: str
    channels: int
    size: tuple[int, int] | None
    classes: int
    torchvision: str | None = None
    """The class of torchvision that reads it."""
    layout: tuple[str, ...] = ()
    """The files that must be there."""
    path: Path | None = None


def _idx(folder: str) -> tuple[str, ...]:
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    return tuple(f"{folder}/raw/{name}-ubyte" for name in names)


KNOWN = {
    each.name: each
    for each in (
        DataSet("digits", 1, (8, 8), 10),
        DataSet("mnist", 1, (28, 28), 10, "MNIST", _idx("MNIST")),
        DataSet("fashion-mnist", 1, (28, 28), 10, "FashionMNIST", _idx("FashionMNIST")),
        DataSet("kmnist", 1, (28, 28), 10, "KMNIST", _idx("KMNIST")),
        DataSet(
            "cifar10",
            3,
            (32, 32),
            10,
            "CIFAR10",
            tuple(
                f"cifar-10-batches-py/{name}"
                for name in (*(f"data_batch_{part}" for part in range(1, 6)), "test_batch", "batches.meta")
            ),
        ),
        DataSet(
            "cifar100",
            3,
            (32, 32),
            100,
            "CIFAR100",
            tuple(f"cifar-100-python/{name}" for name in ("train", "test", "meta")),
        ),
        DataSet("svhn", 3, (32, 32), 10, "SVHN", ("train_32x32.mat", "test_32x32.mat")),
    )
}


def data_set(name: str, folder: Path, download: bool = False) -> DataSet:
    """The data set that a name means. Raises ArchError for an unknown name, and where its files are missing."""
    if name.startswith(FOLDER):
        return _own(Path(name.removeprefix(FOLDER)))
    if name not in KNOWN:
        helps = similar_help(name, KNOWN, "a data set") or ["data sets are " + ", ".join(KNOWN)]
        if Path(name).is_dir():
            helps = [f"a folder of images is `{FOLDER}{name}`"]
        raise ArchError(UnknownData(None, f"there is no data set `{name}`", helps=helps))
    found = KNOWN[name]
    missing = [each for each in found.layout if not (folder / each).is_file()]
    if missing and not download:
        raise ArchError(
            DataNotFound(
                None,
                f"`{name}` is not in `{folder}`",
                notes=[
                    "looked for " + ", ".join(str(folder / each) for each in missing[:4]) + (" …" * (len(missing) > 4)),
                    f"the layout is that of torchvision's `{found.torchvision}`",
                ],
                helps=["`--data-dir` says where it lies, and `--download` fetches it"],
            )
        )
    return found


def class_folders(path: Path) -> list[str]:
    """The classes of a folder of images: its folders but hidden ones, in the order of their names. Raises OSError."""
    return sorted(each.name for each in os.scandir(path) if each.is_dir() and not each.name.startswith("."))


def parts(path: Path) -> tuple[Path, Path | None, Path | None]:
    """Where images for training, validation and the test lie; None for what is split off the first.

    Either classes stand at once in the folder, or in `train`, `val` and `test` in it.
    """
    if not (path / "train").is_dir():
        return path, None, None
    validation = next((path / name for name in ("val", "validation") if (path / name).is_dir()), None)
    return path / "train", validation, path / "test" if (path / "test").is_dir() else None


def _own(path: Path) -> DataSet:
    if not path.is_dir():
        raise ArchError(DataNotFound(None, f"there is no folder `{path}`", helps=_folder_helps(path)))
    train, validation, test = parts(path)
    classes = class_folders(train)
    if len(classes) < 2:
        found = f"{len(classes) or 'no'} folder{'s' * (len(classes) != 1)}"
        raise ArchError(
            DataNotFound(None, f"`{train}` has {found}, and a folder a class is needed", helps=_folder_helps(path))
        )
    for other in (validation, test):
        strange = sorted(set(class_folders(other)) - set(classes)) if other else []
        if strange:
            raise ArchError(DataNotFound(None, f"`{other}` has the class `{strange[0]}`, which `{train}` hasn't"))
    return DataSet(f"{FOLDER}{path}", 3, None, len(classes), path=path)


def _folder_helps(path: Path) -> list[str]:
    return [f"images lie as {path}/CLASS/NAME.jpg, or as {path}/train/CLASS/NAME.jpg beside val and test"]
