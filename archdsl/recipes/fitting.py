"""A spec fitted to data: its classes and channels are those of the data, and images get the size that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from pathlib import Path

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Aux, Chain, LayerNode, Node
from archdsl.network import Network, build
from archdsl.opening.parameters import from_text
from archdsl.recipes.datasets import DataSet
from archdsl.recipes.recipe import Recipe
from archdsl.recipes.tuning import check_tune
from archdsl.record import record

CLASSES = "classes"
"""The parameter that says how many classes a network tells apart."""


class NotAClassifier(Diagnostic):
    """A network that can't be trained on classes: it doesn't take images, or doesn't give one score a class."""

    code = "not-a-classifier"


class ClassesMismatch(Diagnostic):
    """A network that tells apart another number of classes than the data has."""

    code = "classes-mismatch"


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
    resize: tuple[int, int]
    """Height and width that images are brought to, which may be their own."""
    size: tuple[int, int]
    """Height and width that come in, after a crop."""
    notes: tuple[str, ...]
    """What was done, in a line each."""
    probabilities: str | None
    """The name of the last layer where it makes probabilities, and so isn't trained through."""


def fit(subject: Subject, data: DataSet, recipe: Recipe, pretrained: bool = False) -> Fitted:
    """The network for a data set.

    Pre-trained weights keep the channels that they have learned on: grey images are shown to them as colour ones.
    Raises ArchError where the network is no classifier of such images, or is asked for other classes, or for a part
    of it to be tuned without weights.
    """
    check_tune(recipe)
    notes: list[str] = []
    arch = subject.program.arch
    has_classes = arch is not None and any(each.name.text == CLASSES for each in arch.parameters)
    settings = {CLASSES: str(data.classes)} if has_classes and CLASSES not in subject.settings else {}
    asked = subject.build(settings)
    if settings:
        notes.append(f"classes = {data.classes}, as {data.name} has")
    declared = [size for size in asked.input if isinstance(size, int)]
    if len(asked.input) != 3 or len(declared) != 3:
        raise ArchError(
            NotAClassifier(
                None, f"images have channels, a height and a width, and {subject.title} takes {_sizes(asked.input)}"
            )
        )
    channels = declared[0] if pretrained else data.channels
    size = _size(recipe, (declared[1], declared[2]))
    resize = _resize(recipe, size, data)
    wanted = (channels, *size)
    network = asked if wanted == asked.input else subject.build(settings, wanted)
    if channels != declared[0]:
        notes.append(
            f"input {_sizes(wanted)}: {data.name} has {channels} channel{'s' * (channels > 1)}, the spec {declared[0]}"
        )
    elif wanted != asked.input:
        notes.append(f"input {_sizes(wanted)}, as asked for")
    if channels != data.channels:
        notes.append(
            "grey images are shown as colour ones" if channels == 3 else f"images are shown in {channels} channels"
        )
    if resize != data.size:
        shown = "images" if data.size is None else f"images of {_sizes(data.size)}"
        notes.append(f"{shown} are resized to {_sizes(resize)}")
    _check(network, subject, data)
    name = _probabilities(network)
    if name is not None:
        notes.append(f"`{name}` makes probabilities: the loss takes its logits, so that there is no second softmax")
    return Fitted(network, channels, resize, size, tuple(notes), name)


def _size(recipe: Recipe, declared: tuple[int, int]) -> tuple[int, int]:
    if recipe.crop is not None:
        return recipe.crop, recipe.crop
    return (recipe.resize, recipe.resize) if recipe.resize is not None else declared


def _resize(recipe: Recipe, size: tuple[int, int], data: DataSet) -> tuple[int, int]:
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


def _check(network: Network, subject: Subject, data: DataSet) -> None:
    output = network.output
    if len(output) != 1:
        raise ArchError(
            NotAClassifier(
                None,
                f"{subject.title} gives {_sizes(output)}, and training takes one score a class",
                helps=["end it with `gap`, or with `fc`"],
            )
        )
    if output[0] != data.classes:
        ways = [f"leave `classes` away, or `--set {CLASSES}={data.classes}`"]
        raise ArchError(
            ClassesMismatch(
                None,
                f"{subject.title} tells {output[0]} classes apart, and {data.name} has {data.classes}",
                helps=ways if CLASSES in network.parameters else [f"give the spec a parameter `{CLASSES}`"],
            )
        )


def _probabilities(network: Network) -> str | None:
    """The name of the module that makes probabilities of the network's scores, where the last layer does."""
    last = _last(network.architecture.body)
    if last is None or not last.layer.makes_probabilities:
        return None
    auxiliary = network.architecture.auxiliary
    rows = [row for row in network.shapes().rows if row.name and row.name.partition(".")[0] not in auxiliary]
    return rows[-1].last


def _last(node: Node) -> LayerNode | None:
    """The layer that makes a node's output; None where a merge does."""
    while not isinstance(node, LayerNode):
        parts = [part for part in node.parts if not isinstance(part, Aux)]
        if not parts or (len(parts) > 1 and not isinstance(node, Chain)):
            return None
        node = parts[-1]
    return node


def _sizes(sizes: tuple[object, ...]) -> str:
    return "x".join(map(str, sizes))
