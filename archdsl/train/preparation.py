"""From pixels to what enters the network in training, where chance cuts and mirrors; else as everybody prepares them.

Whole batches at once, on their device.
"""

from __future__ import annotations

import torch
from torch import Tensor

from archdsl.record import record
from archdsl.runtime.images import cut, entering, numbers
from archdsl.weights.preprocessing import Preprocessing


@record
class Preparation:
    """How images become input: as the network will always be shown them, and whether half are mirrored in training."""

    preprocessing: Preprocessing
    flip: bool = False

    def training(self, pixels: Tensor, draw: torch.Generator, count: int, part: slice) -> Tensor:
        """A batch for training: `pixels` are a part of `count` images, for which all draws are made in their order."""
        height, width = self.preprocessing.crop
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
        return numbers(pixels, self.preprocessing)

    def evaluation(self, pixels: Tensor) -> Tensor:
        """A batch for anything but training: the middle of each image."""
        return entering(pixels, self.preprocessing)

    def seen(self, pixels: Tensor) -> Tensor:
        """What of pixels [N, C, H, W] the network sees, in evaluation."""
        return cut(pixels, self.preprocessing)
