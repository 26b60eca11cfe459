"""Everything that says how a network is trained. Options of commands and keys of a file come from these fields."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Schedule = Literal["none", "plateau", "cosine", "step"]
Normalization = Literal["imagenet", "half", "none"]

SCRATCH, ALL, TOP = "scratch", "all", "top"

RATES = {"sgd": 0.1, "adam": 0.001, "adamw": 0.001}
"""The learning rate of each optimizer where none is given."""


CHANGEABLE = frozenset(
    ("data_dir", "download", "epochs", "accelerator", "devices", "nodes", "strategy", "workers", "tensorboard")
)
"""What may be given anew when a training goes on: how long, and where, but not how."""


class Recipe(BaseModel):
    """How a network is trained, and on what. The defaults need no download and no accelerator."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    data: str = Field("digits", description="A data set by its name, or `folder:PATH` with a folder a class.")
    data_dir: Path = Field(Path("data"), description="Where data sets lie, in torchvision's layout.")
    download: bool = Field(False, description="Fetch the data set where it isn't there.")
    validation: float = Field(0.1, ge=0, lt=1, description="The part of the training data that is held out.")
    epochs: int = Field(10, ge=1, description="How often all training data is seen.")
    batch_size: int = Field(128, ge=1, description="Images of one step, over all devices.")
    optimizer: Literal["sgd", "adam", "adamw"] = Field("adam", description="The optimizer.")
    lr: float | None = Field(None, gt=0, description="Learning rate; 0.001, and 0.1 for sgd, where none is given.")
    momentum: float = Field(0.9, ge=0, lt=1, description="Momentum of sgd.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay.")
    schedule: Schedule = Field("none", description="How the learning rate falls.")
    schedule_every: int | None = Field(
        None,
        ge=1,
        description="Epochs between the falls of `step`, by default a third of all; the patience of `plateau`.",
    )
    schedule_factor: float = Field(0.1, gt=0, lt=1, description="What the rate is multiplied with at each fall.")
    resize: int | None = Field(None, ge=1, description="Bring the shorter side of images to so many pixels.")
    crop: int | None = Field(None, ge=1, description="Cut a square out: anywhere in training, else from the middle.")
    flip: bool = Field(False, description="Mirror half of the images in training.")
    normalize: Normalization | None = Field(
        None, description="What pixels in [0, 1] are scaled by; `none`, or as the weights want it."
    )
    weights: str | None = Field(None, description="Begin from these weights.")
    new: tuple[str, ...] = Field((), description="A part that begins anew in place of the weights'; may be repeated.")
    tune: str | None = Field(
        None, description="What trains: `scratch`, `top`, `top-3`, `all`, or labels with commas between them."
    )
    seed: int = Field(0, ge=0, lt=2**63, description="Every random draw derives from it.")
    accelerator: str = Field("auto", description="cpu, gpu, … as Lightning names them.")
    devices: str = Field("auto", description="How many devices, or which.")
    nodes: int = Field(1, ge=1, description="How many machines.")
    strategy: str = Field("auto", description="ddp, fsdp, … as Lightning names them.")
    precision: Literal["32", "bf16-mixed", "16-mixed"] = Field("32", description="Of what numbers are.")
    compile: bool = Field(False, description="Compile the network with torch.compile.")
    channels_last: bool | None = Field(None, description="Lay images out with their channels last; so on a GPU.")
    workers: int | None = Field(None, ge=0, le=256, description="Processes that read images which memory doesn't hold.")
    deterministic: bool = Field(True, description="Same seed, same numbers, also on a GPU, where it costs time.")
    tensorboard: bool = Field(False, description="Write events for TensorBoard as well.")

    @property
    def rate(self) -> float:
        """The learning rate that the training begins with."""
        return RATES[self.optimizer] if self.lr is None else self.lr

    @property
    def device_count(self) -> int | None:
        """How many devices of a machine are asked for, where that is a number."""
        return int(self.devices) if self.devices.isascii() and self.devices.isdecimal() else None

    @property
    def tuned(self) -> str:
        """What trains, said in full: everything where nothing else is asked for."""
        return self.tune or (ALL if self.weights else SCRATCH)
