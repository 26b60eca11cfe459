"""`archdsl predict`: what a network with weights sees in images."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archdsl.cli.needing import NeedingCommand, seeing_needs
from archdsl.cli.opening import network_arguments
from archdsl.cli.seeing import open_weighed, sized, title
from archdsl.cli.weighing import fitting_options, preprocessing_options
from archdsl.cli.writing import force_option, output

if TYPE_CHECKING:
    from PIL.Image import Image

    from archdsl.analysis.head import Head
    from archdsl.limits import Limits
    from archdsl.network import Network
    from archdsl.runtime.predicting import Prediction, Seeing
    from archdsl.writing import Output

MOST_BYTES = 2**31
"""What a map of scores may take of memory, in tensors between layers."""


@click.command(cls=NeedingCommand, needs=seeing_needs)
@network_arguments
@click.argument("images", metavar="IMAGE...", nargs=-1, required=True)
@click.option("--weights", metavar="WEIGHTS", help="A file, or torchvision: and a name; needless for a RUN.")
@click.option("--top", type=click.IntRange(1), default=5, show_default=True, metavar="N", help="How many classes.")
@click.option(
    "--classes",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Names of the classes, one a line; else those of the weights, and ImageNet's for 1000.",
)
@click.option(
    "--map",
    "map_",
    type=click.Path(path_type=Path),
    metavar="FILE.png",
    help="Draw where the likeliest class is; for one image, at its own size, and a convolutional head.",
)
@force_option
@fitting_options
@preprocessing_options
def command(
    spec: str,
    variant: str | None,
    settings: dict[str, str],
    limits: Limits,
    images: tuple[str, ...],
    weights: str | None,
    top: int,
    classes: Path | None,
    map_: Path | None,
    force: bool,
    new: tuple[str, ...],
    drop: tuple[str, ...],
    any_network: bool,
    **preprocessing: Any,
) -> None:
    """Say what is in images.

    The network takes one image and gives one vector of scores, of two classes or more; another is refused. The
    likeliest classes are printed with their probabilities. What images go through first is what the weights
    want, where they say it, and is stated. In place of a SPEC the folder of a training may be given, whose weights
    are then taken.
    """
    from archdsl.analysis.batches import require_batch
    from archdsl.analysis.classifier import probabilities, require_classifier
    from archdsl.analysis.head import head
    from archdsl.cli.weighing import load_into, said
    from archdsl.diagnostics.columns import safe

    opened = open_weighed(spec, variant, settings, limits, weights)
    network = opened.network
    require_classifier(network.architecture, title(network))
    require_batch(network.architecture, 1, False, ["keep running statistics: `track_running_stats=true`"])
    found = None if map_ is None else head(network.architecture)
    if map_ is not None and (len(images) > 1 or map_.suffix.lower() != ".png"):
        raise click.UsageError("--map draws one image, into a file that ends in .png")
    place = None if map_ is None else output(map_, "png", force, network.program, weights, *images, classes)

    from archdsl.runtime.images import open_image
    from archdsl.runtime.predicting import Seeing, predict, without_probabilities
    from archdsl.runtime.weights.loading import preprocessing_of

    held = opened.read()
    shown = said(preprocessing_of(network.architecture, held), **preprocessing)
    network = sized(network, shown)
    loaded = load_into(network, held, new, drop, any_network)
    module = without_probabilities(loaded.module, probabilities(network.architecture))
    seen = Seeing(module, shown, loaded.classes)
    print(f"note: {shown.describe()}", file=sys.stderr)
    names = _names(seen.classes, network, classes)
    for path in images:
        image = open_image(path, shown.channels)
        try:
            predictions = predict(seen, image, names, top)
        except OSError as error:
            raise OSError(f"{path}: {error}") from None
        print(safe(path))
        for each in predictions:
            print(f"  {each.probability:.3f}  {safe(each.name)}")
        if place is not None and found is not None:
            _draw(place, network, seen, found, image, predictions[0])


def _draw(place: Output, network: Network, seen: Seeing, head: Head, image: Image, prediction: Prediction) -> None:
    from archdsl.runtime.predicting import draw_map, enlarged, probable, score_map

    whole = enlarged(image, seen.preprocessing)
    # Every layer must take the image at its own size, and the memory hold what they make of it.
    needed = network.at((seen.preprocessing.channels, whole.height, whole.width)).memory().inference
    if needed > MOST_BYTES:
        raise OSError(
            f"a map of {whole.width}×{whole.height} pixels would take {needed / 2**30:.1f} GiB, "
            f"more than {MOST_BYTES / 2**30:.0f}; make the image smaller"
        )
    probabilities = probable(score_map(seen, head, whole))[prediction.index]
    most = float(probabilities.max())
    places = "x".join(map(str, reversed(probabilities.shape)))
    picture = draw_map(whole, probabilities, f"{prediction.name}: up to {most:.2f} on {places} places")
    place.make(lambda draft: picture.save(draft, "png"))


def _names(known: tuple[str, ...], network: Network, file: Path | None) -> tuple[str, ...]:
    """The names of the classes: of a file, of the weights, or ImageNet's where there are as many."""
    if file is not None:
        from archdsl.opening.reading import read_source

        names = tuple(read_source(file).text.splitlines())
        if len(names) != network.output[0]:
            raise click.UsageError(f"{file} has {len(names)} names, and the network {network.output[0]} classes")
        return names
    if known or network.output != (1000,):
        return known
    from archdsl.runtime.weights.published import imagenet_classes

    return imagenet_classes()
