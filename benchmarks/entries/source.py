"""The source of ResNet-152, beside torch.fx, which traces a built one and writes its code."""

import torch
import torchvision

from archdsl.network import build, read_program
from archdsl.opening.library import find
from benchmarks.harness import Entry

program = read_program(find("resnet.arch").read())
with torch.device("meta"):
    model = torchvision.models.resnet152()

entry = Entry(
    "elaborate resnet152 and its source : torch.fx trace and code",
    lambda: build(program, "resnet152").source(),
    lambda: torch.fx.symbolic_trace(model).code,
)
