"""Images from files to tensors, by what weights want."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.diagnostics.missing import require
from archdsl.weights.preprocessing import Preprocessing

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

MAX_PIXELS = 2**26
"""A larger image is not opened."""


def open_image(path: str | Path, channels: int = 3) -> Image:
    """An image of a file, in colour for three channels and in grey for one, turned as its camera says.

    Raises OSError with one line for what can't be read or is no image, and ImportError without Pillow.
    """
    require("an image", "PIL", "torchvision")
    from PIL import Image, ImageOps, UnidentifiedImageError

    if channels not in (1, 3):
        raise ValueError(f"an image has one channel or three, and the network takes {channels}")
    try:
        with Image.open(path) as image:
            if image.width * image.height > MAX_PIXELS:
                raise OSError(f"{path}: {image.width}×{image.height} pixels are more than {MAX_PIXELS:,}")
            return ImageOps.exif_transpose(image).convert("RGB" if channels == 3 else "L")
    except UnidentifiedImageError:
        raise OSError(f"{path}: this is no image, or a broken one") from None
    except (SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise OSError(f"{path}: this image can't be read ({error})") from None


def prepared(image: Image, preprocessing: Preprocessing) -> Tensor:
    """The middle of an image as 1×C×crop×crop, made ready as torchvision's `ImageClassification` does it."""
    from torchvision.transforms import InterpolationMode, functional

    # Resizing on the image and not on a tensor, which would give slightly other values.
    resized = functional.resize(image, [preprocessing.resize], InterpolationMode(preprocessing.interpolation))
    return normalized(functional.center_crop(resized, [preprocessing.crop]), preprocessing)


def normalized(image: Image, preprocessing: Preprocessing) -> Tensor:
    """A whole image as 1×C×H×W: values in [0, 1], then less the mean, by the standard deviation."""
    import torch
    from torchvision.transforms import functional

    values = functional.convert_image_dtype(functional.pil_to_tensor(image), torch.float)
    values = functional.normalize(values, list(preprocessing.mean), list(preprocessing.std))[None]
    return rescaled(values) if preprocessing.rescaled else values


def rescaled(values: Tensor) -> Tensor:
    """Values that were normalised by ImageNet's mean and deviation, put into [−1, 1].

    The very arithmetic of torchvision's `transform_input`, so that outputs are equal to the last bit.
    """
    import torch

    return torch.cat(
        [
            torch.unsqueeze(values[:, 0], 1) * (0.229 / 0.5) + (0.485 - 0.5) / 0.5,
            torch.unsqueeze(values[:, 1], 1) * (0.224 / 0.5) + (0.456 - 0.5) / 0.5,
            torch.unsqueeze(values[:, 2], 1) * (0.225 / 0.5) + (0.406 - 0.5) / 0.5,
        ],
        1,
    )
