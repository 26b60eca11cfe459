"""The whole of `archdsl shapes resnet152` beside a process where torch finds the shapes, without any weights."""

from benchmarks.harness import Entry, archdsl, python

TORCH = """\
import torch, torchvision
with torch.device("meta"):
    torchvision.models.resnet152()(torch.empty(1, 3, 224, 224))
"""

entry = Entry(
    "shapes resnet152, process : torchvision on the meta device, process",
    archdsl("shapes", "resnet152"),
    python(TORCH),
    target=1 / 15,
)
