"""`archdsl predict`: what a network with weights sees in images."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from archdsl.cli.needing import NeedingCommand, weights_need
from archdsl.cli.opening import network_arguments, open_network
from archdsl.cli.weighing import fitting_options, preprocessing_options
from archdsl.cli.writing import force_option, output

if TYPE_CHECKING:
    from archdsl.limits import Limits
    from archdsl.network import Network
    from archdsl.runtime.weights import Loaded
    from archdsl.writing import Output


@click.command(cls=NeedingCommand, needs=lambda arguments: (*weights_need(arguments), "torchvision", "PIL"))
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

    The likeliest classes are printed with their probabilities. What images go through first is what the weights
    want, where they say it, and is stated. In place of a SPEC the folder of a training may be given, whose weights
    are then taken.
    """
    from dataclasses import replace

    from archdsl.analysis.head import head
    from archdsl.cli.weighing import load_into, said
    from archdsl.diagnostics.columns import safe
    from archdsl.runtime.images import open_image
    from archdsl.runtime.predicting import predict

    network, weights = _opened(spec, variant, settings, limits, weights)
    channels = _channels(network)
    found = None if map_ is None else head(network.architecture)
    if map_ is not None and len(images) > 1:
        raise click.UsageError("--map draws one image")
    if map_ is not None and map_.suffix.lower() != ".png":
        raise click.UsageError(f"a map is a PNG, and its name ends in .png, got `{map_.name}`")
    place = None if map_ is None else output(map_, "png", force, network.program, weights, *images, classes)
    loaded = load_into(network, weights, new, drop, any_network)
    loaded = replace(loaded, preprocessing=said(loaded.preprocessing, channels, **preprocessing))
    print(f"note: {loaded.preprocessing.describe()}", file=sys.stderr)
    names = _names(loaded, network, classes)
    for path in images:
        image = open_image(path, channels)
        predictions = predict(loaded, image, names, top)
        print(safe(path))
        for each in predictions:
            print(f"  {each.probability:.3f}  {safe(each.name)}")
        if place is not None and found is not None:
            _draw(place, loaded, found, image, predictions[0])


def _draw(place: Output, loaded: Loaded, head: Any, image: Any, prediction: Any) -> None:
    from archdsl.runtime.predicting import draw_map, enlarged, score_map

    whole = enlarged(image, loaded)
    probabilities = score_map(loaded, head, whole).softmax(0)[prediction.index]
    most = float(probabilities.max())
    places = "x".join(map(str, reversed(probabilities.shape)))
    picture = draw_map(whole, probabilities, f"{prediction.name}: up to {most:.2f} on {places} places")
    place.make(lambda draft: picture.save(draft, "png"))


def _opened(
    spec: str, variant: str | None, settings: dict[str, str], limits: Limits, weights: str | None
) -> tuple[Network, str]:
    """The network and its weights: those of a training, where its folder is named, else those that are given."""
    from archdsl.recipes.run_folder import DESCRIPTION, WEIGHTS

    folder = Path(spec)
    if weights is not None:
        return open_network(spec, variant, settings, limits=limits), weights
    if not (folder / DESCRIPTION).is_file():
        raise click.UsageError("`--weights` is missing, and only the folder of a training has its own")
    if variant or settings:
        raise click.UsageError("a training has its variant and its parameters in its folder")
    if not (folder / WEIGHTS).is_file():
        raise OSError(f"`{folder}` has no weights yet: its training isn't finished")
    from archdsl.recipes.run_folder import open_run
    from archdsl.train.starting import restart

    return restart(open_run(folder))[0].fitted.network, str(folder / WEIGHTS)


def _channels(network: Network) -> int:
    channels = network.input[0]
    if len(network.input) != 3 or channels not in (1, 3):
        raise click.UsageError(f"images have one channel or three, and the network takes {network.architecture.input}")
    assert isinstance(channels, int)
    return channels


def _names(loaded: Loaded, network: Network, file: Path | None) -> tuple[str, ...]:
    """The names of the classes: of a file, of the weights, or ImageNet's where there are as many."""
    if file is not None:
        names = tuple(file.read_text(encoding="utf-8").splitlines())
        if len(names) != network.output[0]:
            raise click.UsageError(f"{file} has {len(names)} names, and the network {network.output[0]} classes")
        return names
    if loaded.classes or network.output != (1000,):
        return loaded.classes
    from archdsl.runtime.weights.published import imagenet_classes

    return imagenet_classes()
