"""What a network says of an image: its likeliest classes, and where in the image one of them is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from archdsl.analysis.head import Head
from archdsl.diagnostics import ArchError
from archdsl.record import record
from archdsl.runtime.images import normalized, prepared
from archdsl.runtime.weights.loading import Loaded
from archdsl.weights.files import ScoresNotFinite
from archdsl.weights.preprocessing import Preprocessing

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor, nn

_OVERLAY = (214, 39, 40)
"""What lies over an image where a class is, in red."""

_CAPTION = 20
"""Pixels below an image for a line of text."""


@record
class Prediction:
    """One class, and how likely it is."""

    index: int
    name: str
    probability: float


@record
class Seeing:
    """A network that is shown images: it takes what `preprocessing` makes, and gives a score for each class.

    Made of weights by `seeing`, and of a training by the training.
    """

    module: nn.Module
    preprocessing: Preprocessing
    classes: tuple[str, ...]
    """The names of the classes, where they are known."""


def seeing(loaded: Loaded, probabilities: str | None = None) -> Seeing:
    """A network with weights; `probabilities` is the name of its last layer where that makes them of scores.

    Raises ValueError for a network that takes no images.
    """
    if loaded.preprocessing is None:
        raise ValueError("this network takes no images")
    return Seeing(without_probabilities(loaded.module, probabilities), loaded.preprocessing, loaded.classes)


def without_probabilities(network: nn.Module, name: str | None) -> nn.Module:
    """The network as it is trained and asked: it gives scores, also where the spec ends in a layer of that name."""
    from torch import nn

    if name is not None:
        network.set_submodule(name, nn.Identity(), strict=True)
    return network


def predict(seen: Seeing, image: Image, names: tuple[str, ...], top: int = 5) -> tuple[Prediction, ...]:
    """The likeliest classes of an image, the first one first, by a softmax over the scores.

    Raises ValueError where the network doesn't give a vector of scores, ArchError where they aren't finite, and OSError
    for an image that is far too long and thin.
    """
    import torch

    module = seen.module.eval()
    with torch.no_grad():
        output = module(prepared(image, seen.preprocessing))
    if output.dim() != 2:
        raise ValueError(f"scores of classes are a vector, and the network gives {tuple(output.shape[1:])}")
    found = probable(output[0]).topk(min(top, output.shape[1]))
    return tuple(
        Prediction(index, names[index] if index < len(names) else str(index), value)
        for value, index in zip(found.values.tolist(), found.indices.tolist(), strict=True)
    )


def score_map(seen: Seeing, head: Head, image: Image) -> Tensor:
    """The scores of classes at each place of a whole image, as classes×h×w, of an image of any size."""
    import torch

    module = seen.module.eval()
    with torch.no_grad():
        return _scores(module, head, normalized(image, seen.preprocessing))[0]


def probable(scores: Tensor) -> Tensor:
    """Scores (classes first) as probabilities. Raises ArchError where one is no finite number."""
    if not bool(scores.isfinite().all()):
        raise ArchError(
            ScoresNotFinite(
                None,
                "the network gives scores that are no finite numbers",
                helps=["its weights are damaged or too large; `archdsl weights show` looks into a file of them"],
            )
        )
    return scores.softmax(0)


def draw_map(image: Image, probabilities: Tensor, caption: str) -> Image:
    """An image in grey, red where the probabilities (h×w, each in [0, 1]) are high, with a line of text below it."""
    import torch
    from PIL import Image as images
    from PIL import ImageDraw

    large = torch.nn.functional.interpolate(
        probabilities[None, None], size=(image.height, image.width), mode="bilinear", align_corners=False
    )[0, 0]
    mask = images.fromarray((large.clamp(0, 1) * 200).byte().numpy())
    picture = images.composite(images.new("RGB", image.size, _OVERLAY), image.convert("L").convert("RGB"), mask)
    framed = images.new("RGB", (image.width, image.height + _CAPTION), "white")
    framed.paste(picture, (0, 0))
    # Pillow's own font has no more than Latin letters.
    plain = caption.encode("latin-1", "replace").decode("latin-1")
    ImageDraw.Draw(framed).text((4, image.height + 3), plain, fill="black")
    return framed


def enlarged(image: Image, preprocessing: Preprocessing) -> Image:
    """The image at its own size, or larger where it would be smaller than what the network was trained on."""
    least = replace(preprocessing, resize=preprocessing.crop)
    height, width = least.covering((image.height, image.width))
    return image if height <= image.height and width <= image.width else image.resize((width, height))


def _scores(module: nn.Module, head: Head, values: Tensor) -> Tensor:
    """The map of scores, 1×classes×h×w."""
    import torch

    if head.kind == "map":
        output: Tensor = module(values)
        return output
    assert head.pool is not None
    held: list[Tensor] = []

    def keep_input(_: Any, arguments: tuple[Tensor, ...]) -> None:
        held.append(arguments[0])
        raise _Enough

    def keep_output(_: Any, arguments: tuple[Tensor, ...], output: Tensor) -> None:
        held.append(output)
        raise _Enough

    target = module.get_submodule(head.pool)
    hook = (
        target.register_forward_hook(keep_output)
        if head.kind == "window"
        else target.register_forward_pre_hook(keep_input)
    )
    try:
        module(values)
    except _Enough:
        pass
    finally:
        hook.remove()
    (found,) = held
    if head.linear is None:
        return found
    linear = module.get_submodule(head.linear)
    assert isinstance(linear, torch.nn.Linear)
    return linear(found.movedim(1, -1)).movedim(-1, 1)  # type: ignore[no-any-return]


class _Enough(Exception):
    """The map was seen, and what comes behind it may not take one of its size."""
