"""`archdsl zoo`: every network once, its costs computed and what others reported quoted."""

from __future__ import annotations

import csv
import io
import json

from archdsl.opening.library import contents, find

from ..specs.specs_under_test import TORCHVISION
from .conftest import Run


def test_every_network_in_every_format(run: Run) -> None:
    ran = run("zoo", "--format", "json")
    assert ran.status == 0
    found = {each["name"]: each for each in json.loads(ran.out)}
    assert len(found) == len(json.loads(ran.out)) == sum(len(listed.variants) or 1 for listed in contents())
    for name, each in found.items():
        assert find(name).variant in (name, None)
        assert each["params"] > 0
        assert each["macs"] > 0
    for name, published in TORCHVISION.items():
        assert round(found[name]["macs"] / 1e9, 3) == published.gmacs
        assert found[name]["reports"] == {"top1": published.top1, "recipe": published.recipe}
    assert found["resnet50"] | {"macs": 0} == {
        "family": "ResNet",
        "name": "resnet50",
        "input": [3, 224, 224],
        "params": 25_557_032,
        "macs": 0,
        "reports": {"top1": 80.858, "recipe": "IMAGENET1K_V2"},
    }
    assert found["vgg16.arch"]["params"] == found["vgg16"]["params"]

    rows = {row["name"]: row for row in csv.DictReader(io.StringIO(run("zoo", "--format", "csv").out))}
    assert list(rows) == list(found)
    assert rows["mobilenet_v1"]["top1"] == "70.6"
    assert rows["mobilenet_v1"]["recipe"] == "paper"
    assert rows["unet"]["top1"] == ""

    text = run("zoo").out.splitlines()
    assert text[0].split() == ["family", "name", "input", "params", "MACs", "top1", "recipe", "mean_iu"]
    line = next(line for line in text if line.split()[:2] == ["MobileNetV1", "mobilenet_v1"])
    # Points stand below points, and no digit is added to what was reported.
    other = next(line for line in text if " resnet50 " in line)
    assert line.split()[2:] == ["3x224x224", "4,231,976", "568,740,352", "70.6", "paper", "-"]
    assert line.index("70.6") == other.index("80.858")
    assert "1 MAC = 2 FLOPs" in text[-1]

    markdown = run("zoo", "--format", "markdown").out.splitlines()
    assert len(markdown) == len(found) + 2
    assert "| 3x224x224 | 25,557,032 | 4,089,184,256 | 80.858 | IMAGENET1K\\_V2 |" in "\n".join(markdown)
