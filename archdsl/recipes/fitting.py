"""A spec fitted to data: its classes and channels are those of the data, and images get the size that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from archdsl.analysis.classifier import probabilities, require_classifier
from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.elaborate.program import Program
from archdsl.network import Network, build
from archdsl.opening.parameters import from_text
from archdsl.recipes.datasets import DataSet
from archdsl.recipes.recipe import Recipe
from archdsl.recipes.toml import BadSetting
from archdsl.recipes.tuning import check_tune
from archdsl.record import record
from archdsl.shape import Dim
from archdsl.weights.preprocessing import MOST_PIXELS, SCALES, Size

CLASSES = "classes"
"""The parameter that says how many classes a network tells apart."""


class ClassesMismatch(Diagnostic):
    """A network that tells apart another number of classes than the data has."""

    code = "classes-mismatch"


class OpenImageSize(Diagnostic):
    """A network whose input has an open size, and images of any: nothing says what they are to be brought to."""

    code = "open-image-size"


class ImagesTooLarge(Diagnostic):
    """Images that a network is to be shown would have more pixels than any memory holds of a batch."""

    code = "images-too-large"


class BadCrop(Diagnostic):
    """A crop larger than the images that it is cut from."""

    code = "bad-crop"


@record
class Subject:
    """A spec as it was asked for."""

    program: Program
    name: str
    variant: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    input: str | None = None
    path: Path | None = None

    @property
    def title(self) -> str:
        """What the network is called: its variant, where it has one, else its spec."""
        return self.variant or self.program.name

    def build(self, settings: Mapping[str, str] = {}, input: tuple[int, ...] | str | None = None) -> Network:
        """The network, with these settings and this input where nothing else was asked for. Raises ArchError."""
        given = from_text(self.program, {**settings, **self.settings})
        return build(self.program, self.variant, given, input or self.input)


@record
class Fitted:
    """A network for a data set, and what its images are made into on the way in."""

    network: Network
    channels: int
    resize: Size
    """Height and width that images are brought to, which may be their own."""
    size: Size
    """Height and width that come in, after a crop."""
    notes: tuple[str, ...]
    """What was done, in a line each."""
    probabilities: str | None
    """The name of the last layer where it makes probabilities, and so isn't trained through."""


def fit(
    subject: Subject,
    data: DataSet,
    recipe: Recipe,
    pretrained: bool = False,
    sizes: tuple[Size, Size] | None = None,
) -> Fitted:
    """The network for a data set.

    Pre-trained weights keep the channels that they have learned on: grey images are shown to them as colour ones.
    `sizes` are what comes in and what images are brought to before, where something else than the recipe says it.
    Raises ArchError where the network is no classifier of such images, or is asked for other classes, or for a part
    of it to be tuned without weights.
    """
    check_tune(recipe)
    notes: list[str] = []
    settings = classes_of(subject, data.classes)
    asked = subject.build(settings)
    if settings:
        notes.append(f"classes = {data.classes}, as {data.name} has")
    require_classifier(asked.architecture, subject.title, any_channels=not pretrained)
    declared = asked.input
    channels = _channels(declared[0], data) if pretrained else data.channels
    size, resize = sizes or _sizes_of(recipe, subject, declared[1:], data)
    for pixels in (size, resize):
        if pixels[0] * pixels[1] > MOST_PIXELS:
            raise ArchError(ImagesTooLarge(None, f"images of {_sizes(pixels)} have more than {MOST_PIXELS:,} pixels"))
    scale, _ = SCALES[recipe.normalize or "none"]
    if len(scale) not in (1, channels):
        raise ArchError(
            BadSetting(
                None,
                f"`normalize` can't be `{recipe.normalize}`: that is of {len(scale)} channels, and images of "
                f"{data.name} have {channels}",
                helps=["`half` is of any number"],
            )
        )
    wanted = (channels, *size)
    network = asked if wanted == declared else subject.build(settings, wanted)
    if channels != declared[0]:
        notes.append(
            f"input {_sizes(wanted)}: {data.name} has {channels} channel{'s' * (channels > 1)}, the spec {declared[0]}"
        )
    elif wanted != declared:
        notes.append(f"input {_sizes(wanted)}, as asked for")
    if channels != data.channels:
        notes.append("grey images are shown as colour ones" if channels == 3 else "colours are shown as grey")
    if resize != data.size:
        shown = "images" if data.size is None else f"images of {_sizes(data.size)}"
        cut = "" if data.size is None or _same_aspect(data.size, resize) else ", which loses their margins"
        notes.append(f"{shown} are resized to {_sizes(resize)}{cut}")
    _check_classes(network, subject, data)
    name = probabilities(network.architecture)
    if name is not None:
        notes.append(f"`{name}` makes probabilities: the loss takes its logits, so that there is no second softmax")
    return Fitted(network, channels, resize, size, tuple(notes), name)


def classes_of(subject: Subject, classes: int) -> dict[str, str]:
    """The setting that gives a spec so many classes, where it has such a parameter and nothing else was asked for."""
    arch = subject.program.arch
    has_classes = arch is not None and any(each.name.text == CLASSES for each in arch.parameters)
    return {CLASSES: str(classes)} if has_classes and CLASSES not in subject.settings else {}


def _channels(declared: Dim, data: DataSet) -> int:
    """The channels that weights were made for; open ones are the data's."""
    return declared if isinstance(declared, int) else data.channels


def _sizes_of(recipe: Recipe, subject: Subject, declared: tuple[Dim, ...], data: DataSet) -> tuple[Size, Size]:
    """What comes in, and what images are brought to before: as the recipe says, else as the spec declares it."""
    size = _size(recipe, declared, data, subject)
    return size, _resize(recipe, size, data)


def _size(recipe: Recipe, declared: tuple[Dim, ...], data: DataSet, subject: Subject) -> Size:
    if recipe.crop is not None:
        return recipe.crop, recipe.crop
    if recipe.resize is not None:
        return recipe.resize, recipe.resize
    height, width = declared
    if isinstance(height, int) and isinstance(width, int):
        return height, width
    if data.size is not None:
        return data.size
    raise ArchError(
        OpenImageSize(
            None,
            f"{subject.title} leaves the size of its input open, and so does {data.name}",
            helps=["say it with `--input`, or with `--resize`"],
        )
    )


def _resize(recipe: Recipe, size: Size, data: DataSet) -> Size:
    """What images are brought to ahead of a crop."""
    if recipe.resize is not None:
        before = (recipe.resize, recipe.resize)
    else:
        before = data.size if recipe.crop is not None and data.size is not None else size
    if size[0] > before[0] or size[1] > before[1]:
        raise ArchError(
            BadCrop(
                None,
                f"a crop of {_sizes(size)} can't be cut from images of {_sizes(before)}",
                helps=["`--resize` makes the images larger"],
            )
        )
    return before


def _check_classes(network: Network, subject: Subject, data: DataSet) -> None:
    found = require_classifier(network.architecture, subject.title)
    if found != data.classes:
        ways = [f"leave `classes` away, or `--set {CLASSES}={data.classes}`"]
        raise ArchError(
            ClassesMismatch(
                None,
                f"{subject.title} tells {found} classes apart, and {data.name} has {data.classes}",
                helps=ways if CLASSES in network.parameters else [f"give the spec a parameter `{CLASSES}`"],
            )
        )


def _same_aspect(one: Size, other: Size) -> bool:
    return one[0] * other[1] == one[1] * other[0]


def _sizes(sizes: tuple[object, ...]) -> str:
    return "x".join(map(str, sizes))
