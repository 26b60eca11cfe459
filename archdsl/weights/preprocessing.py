"""What is done to an image before a network with certain weights sees it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any, Literal, TypeAlias

from archdsl.record import record

Size: TypeAlias = tuple[int, int]
"""Height and width, in pixels."""

Interpolation = Literal["nearest", "bilinear", "bicubic"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

SCALES: dict[str, tuple[tuple[float, ...], tuple[float, ...]]] = {
    "imagenet": (IMAGENET_MEAN, IMAGENET_STD),
    "half": ((0.5,), (0.5,)),
    "none": ((0.0,), (1.0,)),
}
"""By name the mean and standard deviation of each channel, or of all, of values in [0, 1]."""

RATIO = 224 / 256
"""The side of what is cut out as a part of the shorter side, in torchvision's recipes (He et al. 2016, section 3.4)."""


MOST_SCALE = 1e6
"""By what values in [0, 1] may at most be moved, and as how many deviations they may count: float32 holds that well."""

USUAL_SIDE = 224
"""The side of an image where nothing says it."""

MOST_PIXELS = 2**24
"""Pixels of what comes in; 4096×4096 are twenty times what the largest network of the zoo takes."""


@record
class Preprocessing:
    """Scale an image, cut out the middle, put values in [0, 1], subtract the mean, divide by the deviation.

    Whoever shows an image to a network goes by this: training, evaluation, prediction and an export's check.
    """

    crop: Size
    """What is cut out of the middle."""
    resize: Size
    """What the image covers first, its aspect kept. Of a square the side is the length of the shorter side."""
    interpolation: Interpolation = "bilinear"
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    rescaled: bool = False
    """Whether values normalised like this are then put into [−1, 1], as torchvision's GoogLeNet and Inception v3 do.

    Their weights come from TensorFlow. torchvision does it in the network, as `transform_input`; networks here do
    what their specs say, and this is part of the pre-processing.
    """
    assumed: bool = False
    """Whether nothing says that the weights want this, and ImageNet's usual values were taken."""

    @property
    def channels(self) -> int:
        """How many channels come in."""
        return len(self.mean)

    def covering(self, size: Size) -> Size:
        """What an image of some size is scaled to, rounded down as torchvision does it, and never below `resize`."""
        (height, width), (high, wide) = size, self.resize
        if high * width >= wide * height:
            return high, high * width // height
        return wide * height // width, wide

    def place(self, size: Size) -> Size:
        """Where in a scaled image `resize` is cut out, from above and from the left.

        So that the middle of that is the middle of the whole, which rounds otherwise.
        """
        (height, width), (high, wide), (crop_high, crop_wide) = size, self.resize, self.crop
        return (
            middle(height, crop_high) - middle(high, crop_high),
            middle(width, crop_wide) - middle(wide, crop_wide),
        )

    def at(self, crop: Size) -> Preprocessing:
        """The same for a network that takes another size: what is scaled keeps its proportion to what is cut out."""
        if crop == self.crop:
            return self
        (high, wide), (before_high, before_wide) = crop, self.crop
        resize = (
            max(high, round(self.resize[0] * high / before_high)),
            max(wide, round(self.resize[1] * wide / before_wide)),
        )
        return replace(self, crop=crop, resize=resize)

    def describe(self) -> str:
        """In one line."""
        mean, std = (", ".join(f"{value:g}" for value in values) for values in (self.mean, self.std))
        high, wide = self.resize
        scaled = f"the shorter side resized to {high}" if high == wide else f"resized to cover {high}×{wide}"
        text = (
            f"{scaled} ({self.interpolation}), the middle {self.crop[0]}×{self.crop[1]}, "
            f"values in [0, 1], mean ({mean}), standard deviation ({std})"
        )
        if self.rescaled:
            text += ", then into [−1, 1] as torchvision's `transform_input`"
        return f"{text}; assumed, as the weights don't say" if self.assumed else text

    def to_json(self) -> str:
        """As an object that `from_json` reads."""
        return json.dumps({name: value for name, value in asdict(self).items() if name != "assumed"})

    @classmethod
    def from_json(cls, text: str) -> Preprocessing:
        """Raises ValueError for what `to_json` never writes. One number for a size is a square's side."""
        try:
            found: dict[str, Any] = json.loads(text)
            values: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in found.items()
            }
            for name in ("crop", "resize"):
                if not isinstance(values[name], tuple):
                    values[name] = (values[name], values[name])
            made = cls(**values)
            made.require_sense()
        except (TypeError, AttributeError, KeyError, OverflowError, RecursionError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from None
        return made

    def require_sense(self) -> None:
        """Raise ValueError where no image can be made ready like this."""
        for size in (self.crop, self.resize):
            if len(size) != 2 or not all(type(side) is int and side >= 1 for side in size):
                raise ValueError(f"a size is a height and a width in whole pixels, got {shown(size)}")
            if size[0] * size[1] > MOST_PIXELS:
                raise ValueError(f"images of {shown(size)} have more than {MOST_PIXELS:,} pixels")
        if any(inner > outer for inner, outer in zip(self.crop, self.resize, strict=True)):
            raise ValueError(f"{shown(self.crop)} can't be cut out of images resized to {shown(self.resize)}")
        if self.interpolation not in ("nearest", "bilinear", "bicubic"):
            raise ValueError(f"there is no interpolation `{self.interpolation}`")
        for values in (self.mean, self.std):
            numbers = isinstance(values, tuple) and all(type(value) in (int, float) for value in values)
            if not numbers or not all(abs(value) <= MOST_SCALE for value in values):
                raise ValueError(f"mean and standard deviation are numbers up to {MOST_SCALE:g}, one a channel")
        if len(self.mean) != len(self.std) or not self.mean or not all(value * MOST_SCALE >= 1 for value in self.std):
            raise ValueError("a standard deviation is above 0, and there are as many as means")
        if type(self.rescaled) is not bool or (self.rescaled and len(self.mean) != 3):
            raise ValueError("values are put into [−1, 1] of three channels")

    def with_values(self, **values: Any) -> Preprocessing:
        """Some of it replaced, which is then no longer assumed. Raises ValueError where it makes no sense."""
        made = replace(self, **values, assumed=False) if values else self
        made.require_sense()
        return made


def usual(channels: int, size: Size) -> Preprocessing:
    """What is assumed of weights that say nothing: ImageNet's values, or [0, 1] as it is for other than 3 channels."""
    mean, std = (IMAGENET_MEAN, IMAGENET_STD) if channels == 3 else ((0.0,) * channels, (1.0,) * channels)
    high, wide = (max(side, round(side / RATIO)) for side in size)
    return Preprocessing(size, (high, wide), "bilinear", mean, std, assumed=True)


def middle(outer: int, inner: int) -> int:
    """Where the middle of a length begins, rounded as torchvision's `center_crop` rounds: half to even."""
    return round((outer - inner) / 2)


def shown(size: tuple[object, ...]) -> str:
    return "×".join(map(str, size))
