"""Every shape of ResNet-152 from its parsed spec, beside building and running it on the meta device."""

import torch
import torchvision

from archdsl.network import build, read_program
from archdsl.opening.library import find
from benchmarks.harness import Entry

program = read_program(find("resnet.arch").read())


def theirs() -> None:
    with torch.device("meta"):
        torchvision.models.resnet152()(torch.empty(1, 3, 224, 224))


entry = Entry(
    "elaborate resnet152 and its table : torchvision on the meta device",
    lambda: build(program, "resnet152").shapes().to_text(),
    theirs,
)
