"""Images with their labels, as whole tensors in memory, or as files where they would fill it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from archdsl.record import record

MOST_IN_MEMORY = 2**30
"""Bytes of pixels up to which a data set is held in memory."""

_AT_ONCE = 1024


@record
class Images:
    """Images of one size in memory: `pixels` [N, C, H, W] from 0 to 255 in uint8, `labels` [N] in int64."""

    pixels: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor) -> Tensor:
        """The pixels of some images, where the data lies."""
        return self.pixels[index]

    def subset(self, index: Tensor) -> Images:
        """Some of the images."""
        return Images(self.pixels[index], self.labels[index])

    def to(self, device: torch.device) -> Images:
        """The same images on a device."""
        return Images(self.pixels.to(device), self.labels.to(device))


@record
class ImageFiles:
    """Images that are read when they are wanted: files, brought to `size` and to so many channels."""

    paths: Sequence[Path]
    labels: Tensor
    channels: int
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor) -> Tensor:
        """The pixels of some images, in uint8 on the CPU. Raises OSError for a file that is no image."""
        return torch.stack([read_image(self.paths[int(each)], self.channels, self.size) for each in index])

    def subset(self, index: Tensor) -> ImageFiles:
        """Some of the images."""
        return replace(self, paths=[self.paths[int(each)] for each in index], labels=self.labels[index])

    def to(self, device: torch.device) -> ImageFiles:
        """These stay files; their labels go to the device."""
        return replace(self, labels=self.labels.to(device))

    def in_memory(self) -> Images | ImageFiles:
        """The same images as tensors, unless they would fill the memory."""
        if len(self) * self.channels * self.size[0] * self.size[1] > MOST_IN_MEMORY:
            return self
        return Images(self.take(torch.arange(len(self))), self.labels)


AnyImages = Images | ImageFiles


def read_image(path: Path, channels: int, size: tuple[int, int]) -> Tensor:
    """A file as [C, H, W] in uint8: its shorter side brought to size, then the middle cut out.

    Raises OSError for a file that is no image, with its name.
    """
    import numpy
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file).convert("L" if channels == 1 else "RGB")
    except UnidentifiedImageError:
        raise OSError(f"`{path}` is no image") from None
    except OSError as error:
        raise OSError(f"`{path}` can't be read: {error}") from None
    height, width = size
    shown = ImageOps.fit(image, (width, height), Image.Resampling.BILINEAR)
    pixels = torch.from_numpy(numpy.array(shown))
    return pixels[None] if channels == 1 else pixels.permute(2, 0, 1).contiguous()


def in_channels(pixels: Tensor, channels: int) -> Tensor:
    """Pixels [N, C, H, W] shown in other channels: grey in each, or colours as their luminance (ITU-R 601-2)."""
    if pixels.shape[1] == channels:
        return pixels
    if pixels.shape[1] == 1:
        return pixels.expand(-1, channels, -1, -1).contiguous()
    if channels != 1:
        raise ValueError(f"{pixels.shape[1]} channels can't be shown in {channels}")
    weights = torch.tensor([0.299, 0.587, 0.114])
    return torch.cat(
        [
            (part.float() * weights[:, None, None]).sum(1, keepdim=True).round().to(torch.uint8)
            for part in torch.split(pixels, _AT_ONCE)
        ]
    )


def resized(pixels: Tensor, size: tuple[int, int]) -> Tensor:
    """Pixels [N, C, H, W] at another size, bilinear with antialiasing as torchvision resizes."""
    if tuple(pixels.shape[2:]) == size:
        return pixels
    parts = (
        functional.interpolate(part.float(), size, mode="bilinear", antialias=True, align_corners=False)
        for part in torch.split(pixels, _AT_ONCE)
    )
    return torch.cat([part.round_().clamp_(0, 255).to(torch.uint8) for part in parts])
