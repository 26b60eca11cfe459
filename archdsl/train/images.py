"""Images with their labels, as whole tensors in memory, or made ready one by one where they would fill it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from torch import Tensor

from archdsl.record import record
from archdsl.runtime.images import brought, from_pixels, open_image
from archdsl.weights.preprocessing import Preprocessing

MOST_IN_MEMORY = 2**30
"""Bytes of pixels up to which a data set is held in memory."""


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
class Unread:
    """Images that are made ready when they are wanted: files, or pixels [N, C, H, W] of another size or colour."""

    sources: Sequence[Path] | Tensor
    labels: Tensor
    preprocessing: Preprocessing

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: Tensor) -> Tensor:
        """The pixels of some images, in uint8 on the CPU. Raises OSError with its name for a file that is no image."""
        return torch.stack([self._one(int(each)) for each in index])

    def _one(self, number: int) -> Tensor:
        source, channels = self.sources[number], self.preprocessing.channels
        if isinstance(source, Tensor):
            return brought(from_pixels(source, channels), self.preprocessing)
        image = open_image(source, channels)
        try:
            return brought(image, self.preprocessing)
        except OSError as error:
            raise OSError(f"{source}: {error}") from None

    def subset(self, index: Tensor) -> Unread:
        """Some of the images."""
        if isinstance(self.sources, Tensor):
            return replace(self, sources=self.sources[index], labels=self.labels[index])
        return replace(self, sources=[self.sources[int(each)] for each in index], labels=self.labels[index])

    def to(self, device: torch.device) -> Unread:
        """These stay where they are; their labels go to the device."""
        return replace(self, labels=self.labels.to(device))

    def in_memory(self) -> Images | Unread:
        """The same images as tensors, unless they would fill the memory."""
        high, wide = self.preprocessing.resize
        if len(self) * self.preprocessing.channels * high * wide > MOST_IN_MEMORY:
            return self
        if isinstance(self.sources, Tensor) and self.sources.shape[1:] == (self.preprocessing.channels, high, wide):
            # Nothing is to be done to them.
            return Images(self.sources, self.labels)
        pixels = torch.empty((len(self), self.preprocessing.channels, high, wide), dtype=torch.uint8)
        for number in range(len(self)):
            pixels[number] = self._one(number)
        return Images(pixels, self.labels)


AnyImages = Images | Unread
