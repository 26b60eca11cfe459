"""What a network says of an image: its likeliest classes, and where in the image one of them is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from archdsl.analysis.head import Head
from archdsl.record import record
from archdsl.runtime.images import normalized, prepared
from archdsl.runtime.weights.loading import Loaded

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


def predict(loaded: Loaded, image: Image, names: tuple[str, ...], top: int = 5) -> tuple[Prediction, ...]:
    """The likeliest classes of an image, the first one first, by a softmax over what the network gives.

    Raises ValueError where the network doesn't give a vector of scores.
    """
    import torch

    module = loaded.module.eval()
    with torch.no_grad():
        output = module(prepared(image, loaded.preprocessing))
    if output.dim() != 2:
        raise ValueError(f"scores of classes are a vector, and the network gives {tuple(output.shape[1:])}")
    found = output.softmax(1)[0].topk(min(top, output.shape[1]))
    return tuple(
        Prediction(index, names[index] if index < len(names) else str(index), value)
        for value, index in zip(found.values.tolist(), found.indices.tolist(), strict=True)
    )


def score_map(loaded: Loaded, head: Head, image: Image) -> Tensor:
    """The scores of classes at each place of a whole image, as classes×h×w, of an image of any size."""
    import torch

    module = loaded.module.eval()
    with torch.no_grad():
        return _scores(module, head, normalized(image, loaded.preprocessing))[0]


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


def enlarged(image: Image, loaded: Loaded) -> Image:
    """The image at its own size, or larger where it would be smaller than what the network was trained on."""
    side, least = min(image.size), loaded.preprocessing.crop
    if side >= least:
        return image
    return image.resize((round(image.width * least / side), round(image.height * least / side)))


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
