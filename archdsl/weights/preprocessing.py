"""What is done to an image before a network with certain weights sees it."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from typing import Any, Literal

from archdsl.record import record

Interpolation = Literal["nearest", "bilinear", "bicubic"]

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)

RATIO = 224 / 256
"""The side of what is cut out as a part of the shorter side, in torchvision's recipes (He et al. 2016, section 3.4)."""


@record
class Preprocessing:
    """Resize the shorter side, cut out the middle, put values in [0, 1], subtract the mean, divide by the deviation."""

    crop: int
    """The side of the square that is cut out of the middle, in pixels."""
    resize: int
    """The length that the shorter side of the image gets first, in pixels."""
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

    def describe(self) -> str:
        """In one line."""
        mean, std = (", ".join(f"{value:g}" for value in values) for values in (self.mean, self.std))
        text = (
            f"the shorter side resized to {self.resize} ({self.interpolation}), the middle {self.crop}×{self.crop}, "
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
        """Raises ValueError for what `to_json` never writes."""
        try:
            found: dict[str, Any] = json.loads(text)
            values: dict[str, Any] = {
                name: tuple(value) if isinstance(value, list) else value for name, value in found.items()
            }
            made = cls(**values)
        except (TypeError, AttributeError) as error:
            raise ValueError(str(error)) from None
        made.require_sense()
        return made

    def require_sense(self) -> None:
        """Raise ValueError where no image can be made ready like this."""
        if not all(type(side) is int and 1 <= side <= 2**14 for side in (self.crop, self.resize)):
            raise ValueError(f"sides of an image are whole numbers of 1 to {2**14}, got {self.crop} and {self.resize}")
        if self.interpolation not in ("nearest", "bilinear", "bicubic"):
            raise ValueError(f"there is no interpolation `{self.interpolation}`")
        for values in (self.mean, self.std):
            if not isinstance(values, tuple) or not all(type(value) in (int, float) for value in values):
                raise ValueError("mean and standard deviation are numbers, one a channel")
        if len(self.mean) != len(self.std) or not self.mean or not all(value > 0 for value in self.std):
            raise ValueError("a standard deviation is above 0, and there are as many as means")
        if self.rescaled and len(self.mean) != 3:
            raise ValueError("values are put into [−1, 1] of three channels")

    def with_values(self, **values: Any) -> Preprocessing:
        """Some of it replaced, which is then no longer assumed. Raises ValueError where it makes no sense."""
        made = replace(self, **values, assumed=False) if values else self
        made.require_sense()
        return made


def usual(channels: int, side: int) -> Preprocessing:
    """What is assumed of weights that say nothing: ImageNet's values, or [0, 1] as it is for other than 3 channels."""
    mean, std = (IMAGENET_MEAN, IMAGENET_STD) if channels == 3 else ((0.0,) * channels, (1.0,) * channels)
    return Preprocessing(side, max(side, round(side / RATIO)), "bilinear", mean, std, assumed=True)
