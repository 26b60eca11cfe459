"""Images from files to what enters a network. There is one way, and whoever shows an image to a network goes it.

An image is opened in the network's channels, scaled, cut to `resize` (`brought`), cut to `crop` and put into numbers
(`entering`). A training keeps images between the last two, and may cut elsewhere than in the middle.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.diagnostics.missing import require
from archdsl.reading import open_file
from archdsl.weights.preprocessing import Preprocessing, middle

if TYPE_CHECKING:
    from PIL.Image import Image
    from torch import Tensor

MAX_PIXELS = 2**26
"""A larger image is not opened, and none is scaled to more."""

FORMATS = ("AVIF", "BMP", "DIB", "GIF", "JPEG", "JPEG2000", "PNG", "PPM", "TIFF", "WEBP")
"""What is opened, whatever a file is called. Pillow knows more, of which EPS runs a program."""

_SIXTEEN_BITS = frozenset({"PNG", "PPM", "JPEG2000"})
"""Formats whose whole numbers of more than eight bits reach from 0 to 65535."""


def open_image(path: str | Path, channels: int = 3) -> Image:
    """An image of a file, in colour for three channels and in grey for one, turned as its camera says.

    Raises OSError with one line that names the file for what can't be read, is no image or is too large, ValueError
    for other channels, and ImportError without Pillow.
    """
    require("an image", "PIL")
    from PIL import Image, UnidentifiedImageError

    if channels not in (1, 3):
        raise ValueError(f"an image has one channel or three, and the network takes {channels}")
    path = Path(path)
    Image.init()
    known = [each for each in FORMATS if each in Image.OPEN]
    try:
        with warnings.catch_warnings():
            # Of what is too large we speak ourselves, and of broken notes in a file nobody wants to know.
            warnings.simplefilter("ignore")
            with open_file(path) as file, Image.open(file, formats=known) as image:
                _require_pixels(path, image.width, image.height)
                return in_channels(_upright(image), channels, image.format)
    except UnidentifiedImageError:
        raise OSError(f"{path}: this is no image, or a broken one") from None
    except Image.DecompressionBombError:
        raise OSError(f"{path}: this image has more than {MAX_PIXELS:,} pixels") from None
    except OSError as error:
        if error.filename is not None or str(error).startswith(str(path)):
            raise
        raise OSError(f"{path}: this image can't be read ({_first_line(error)})") from None
    except Exception as error:
        # Nothing but Pillow runs here, and what a broken file makes of its readers is anything.
        raise OSError(f"{path}: this image can't be read ({_first_line(error)})") from None


def in_channels(image: Image, channels: int, of: str | None = None) -> Image:
    """An image in colour for three channels, and in grey for one: the luminance of ITU-R 601-2, as Pillow rounds it.

    `of` is the format of its file. Raises OSError for numbers that aren't those of a picture.
    """
    mode = "RGB" if channels == 3 else "L"
    if image.mode == mode:
        return image
    if image.mode.startswith("I;16") or (image.mode == "I" and of in _SIXTEEN_BITS):
        # Pillow would cut all that is above 255, which is nearly all.
        return _high_bytes(image).convert(mode)
    if image.mode in ("I", "F"):
        raise OSError("its pixels are no values from 0 to 255, or to 65535")
    return image.convert(mode)


def from_pixels(pixels: Tensor, channels: int) -> Image:
    """Pixels [C, H, W] in uint8, one channel or three, as an image in so many channels."""
    from PIL import Image

    shown = pixels[0] if len(pixels) == 1 else pixels.permute(1, 2, 0)
    return in_channels(Image.fromarray(shown.contiguous().numpy()), channels)


def brought(image: Image, preprocessing: Preprocessing) -> Tensor:
    """Pixels [C, H, W] in uint8 of what of an image is kept: scaled to cover `resize`, and that cut out of the middle.

    Raises OSError where an image is so long and thin that it would have too many pixels then.
    """
    from PIL.Image import Resampling

    found = image.height, image.width
    height, width = preprocessing.covering(found)
    if (height, width) != found:
        if height * width > MAX_PIXELS:
            raise OSError(
                f"an image of {found[0]}×{found[1]} is {height}×{width} when it covers "
                f"{preprocessing.resize[0]}×{preprocessing.resize[1]}, more than {MAX_PIXELS:,} pixels"
            )
        # On the image and not on a tensor, which would give slightly other values.
        image = image.resize((width, height), Resampling[preprocessing.interpolation.upper()])
    (top, left), (high, wide) = preprocessing.place((height, width)), preprocessing.resize
    return pixels_of(image.crop((left, top, left + wide, top + high)))


def pixels_of(image: Image) -> Tensor:
    """A whole image in colour or grey as [C, H, W] in uint8."""
    import numpy
    import torch

    pixels = torch.from_numpy(numpy.array(image))
    return pixels[None] if pixels.ndim == 2 else pixels.permute(2, 0, 1).contiguous()


def cut(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    """The middle of pixels [N, C, H, W] that were brought to `resize`: what of them a network sees."""
    high, wide = preprocessing.crop
    top, left = middle(pixels.shape[2], high), middle(pixels.shape[3], wide)
    return pixels[:, :, top : top + high, left : left + wide]


def entering(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    """What enters the network of pixels [N, C, H, W] that were brought to `resize`."""
    return numbers(cut(pixels, preprocessing), preprocessing)


def prepared(image: Image, preprocessing: Preprocessing) -> Tensor:
    """What enters the network of one image, 1×C×H×W; to the bit as torchvision's `ImageClassification` makes it.

    Raises OSError for an image that is far too long and thin.
    """
    return entering(brought(image, preprocessing)[None], preprocessing)


def normalized(image: Image, preprocessing: Preprocessing) -> Tensor:
    """A whole image at its own size, as 1×C×H×W."""
    return numbers(pixels_of(image)[None], preprocessing)


def numbers(pixels: Tensor, preprocessing: Preprocessing) -> Tensor:
    """Pixels in uint8 as numbers: in [0, 1], then less the mean, by the standard deviation."""
    import torch

    values = pixels.to(torch.float32, memory_format=torch.contiguous_format).div_(255)
    if any(preprocessing.mean):
        values -= torch.tensor(preprocessing.mean, device=pixels.device)[:, None, None]
    if any(each != 1 for each in preprocessing.std):
        values /= torch.tensor(preprocessing.std, device=pixels.device)[:, None, None]
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


def _upright(image: Image) -> Image:
    """As the camera was held; a note of it that can't be read is none."""
    from PIL import ImageOps

    image.load()
    try:
        return ImageOps.exif_transpose(image)
    except Exception:
        return image


def _high_bytes(image: Image) -> Image:
    import numpy
    from PIL import Image as images

    return images.fromarray((numpy.asarray(image).astype(numpy.int64) >> 8).clip(0, 255).astype(numpy.uint8))


def _require_pixels(path: Path, width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise OSError(f"{path}: {width}×{height} pixels are more than {MAX_PIXELS:,}")


def _first_line(error: Exception) -> str:
    """What a reader says, in one line."""
    said = str(error).strip().splitlines()
    return said[0][:200] if said else type(error).__name__
