"""From pixels to what enters the network: cut out, mirrored, scaled. Whole batches at once, on their device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from archdsl.record import record
from archdsl.weights.preprocessing import IMAGENET_MEAN, IMAGENET_STD, Preprocessing

SCALES: Mapping[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "imagenet": (IMAGENET_MEAN, IMAGENET_STD),
    "half": ((0.5,), (0.5,)),
    "none": ((0.0,), (1.0,)),
}
"""Mean and standard deviation of each channel, of pixels in [0, 1]."""


@record
class Preparation:
    """How images become input: `size` is what comes out, `mean` and `std` are of pixels in [0, 1]."""

    channels: int
    size: tuple[int, int]
    flip: bool
    mean: tuple[float, ...]
    std: tuple[float, ...]
    resize: tuple[int, int]
    """What images are brought to before; whoever reads them does so."""

    def training(self, pixels: Tensor, draw: torch.Generator, count: int, part: slice) -> Tensor:
        """A batch for training: `pixels` are a part of `count` images, for which all draws are made in their order."""
        height, width = self.size
        down, right = pixels.shape[2] - height, pixels.shape[3] - width
        if down or right:
            top = torch.randint(down + 1, (count,), generator=draw)[part].to(pixels.device)
            left = torch.randint(right + 1, (count,), generator=draw)[part].to(pixels.device)
            rows = top[:, None] + torch.arange(height, device=pixels.device)
            columns = left[:, None] + torch.arange(width, device=pixels.device)
            image = torch.arange(len(pixels), device=pixels.device)[:, None, None]
            pixels = pixels.permute(0, 2, 3, 1)[image, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
        if self.flip:
            mirrored = (torch.rand(count, generator=draw)[part] < 0.5).to(pixels.device)
            pixels = torch.where(mirrored[:, None, None, None], pixels.flip(3), pixels)
        return self.scaled(pixels)

    def evaluation(self, pixels: Tensor) -> Tensor:
        """A batch for anything but training: the middle of each image."""
        height, width = self.size
        top, left = (pixels.shape[2] - height) // 2, (pixels.shape[3] - width) // 2
        return self.scaled(pixels[:, :, top : top + height, left : left + width])

    def scaled(self, pixels: Tensor) -> Tensor:
        """Pixels from 0 to 255 as numbers of that mean and deviation."""
        numbers = pixels.to(torch.float32, memory_format=torch.contiguous_format).div_(255)
        if any(self.mean):
            numbers -= torch.tensor(self.mean, device=pixels.device)[:, None, None]
        if any(each != 1 for each in self.std):
            numbers /= torch.tensor(self.std, device=pixels.device)[:, None, None]
        return numbers

    def preprocessing(self) -> Preprocessing:
        """The same as files of weights say it, for images of any size: a mean and a deviation for each channel."""
        mean, std = (values * self.channels if len(values) == 1 else values for values in (self.mean, self.std))
        return Preprocessing(min(self.size), min(self.resize), "bilinear", mean, std)

    @property
    def draws(self) -> bool:
        """Whether anything in training is left to chance."""
        return self.flip or self.resize != self.size

    def document(self) -> dict[str, Any]:
        """Plain values, from which `of` makes the same again."""
        return {
            "channels": self.channels,
            "resize": list(self.resize),
            "size": list(self.size),
            "flip": self.flip,
            "mean": list(self.mean),
            "std": list(self.std),
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Preparation:
        """What `document` describes. Raises KeyError and TypeError for what doesn't."""
        resize, size = (tuple(map(int, document[name])) for name in ("resize", "size"))
        mean, std = (tuple(map(float, document[name])) for name in ("mean", "std"))
        (height, width), (before, beside) = size, resize
        return cls(int(document["channels"]), (height, width), bool(document["flip"]), mean, std, (before, beside))
