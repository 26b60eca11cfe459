"""`archdsl shapes`."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from .conftest import Run

TABLE = """\
net, input 3x8x8

name          layer              output  params    MACs
conv          conv3-8             8x8x8     224  13,824
f             [conv1-8 relu ×2]   8x8x8      72   4,096
  f.0         conv1-8             8x8x8      72   4,096
  f.1…2       relu ×2             8x8x8       -       -
concat        concat             10x8x8      18   1,024
  concat.0.0  conv1-2             2x8x8      18   1,024
  concat.1.0  | identity          8x8x8       -       -
gap           gap                    10       -       -
fc            fc-4                    4      44      40

output          4
parameters      358
MACs            18,984 (1 MAC = 2 FLOPs)
smallest input  3x1x1
"""


def test_the_table(run: Run, tmp_path: Path) -> None:
    spec = "arch net\ninput 3x8x8\nconv3-8\nf: [conv1-8 relu x2]\nconcat<conv1-2 | identity>\ngap fc-4\n"
    (tmp_path / "net.arch").write_text(spec, encoding="utf-8")
    ran = run("shapes", "net.arch")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == TABLE


def test_json(run: Run) -> None:
    ran = run("shapes", "resnet50", "--format", "json")
    assert (ran.status, ran.err) == (0, "")
    found = json.loads(ran.out)
    assert list(found) == ["network", "variant", "input", "output", "params", "macs", "smallest_input", "layers"]
    assert found["network"] == "ResNet"
    assert found["variant"] == "resnet50"
    assert found["input"] == [3, 224, 224]
    assert found["output"] == [1000]
    assert found["params"] == 25_557_032
    assert found["macs"] == 4_089_184_256
    assert found["smallest_input"] == 1
    assert found["layers"][0] == {
        "name": "conv1",
        "last": "conv1",
        "layer": "conv7-64/2",
        "depth": 1,
        "branch": None,
        "repeat": 1,
        "input": [3, 224, 224],
        "output": [64, 112, 112],
        "params": 9408,
        "macs": 118_013_952,
    }


def test_the_first_variant_is_meant_and_said(run: Run) -> None:
    ran = run("shapes", "resnet.arch", "--depth", "1")
    assert ran.status == 0
    assert ran.err == (
        "note: resnet.arch has variants; this is the first, `resnet18` "
        "(others: resnet34, resnet50, resnet101, resnet152, "
        "resnext50_32x4d, resnext101_32x8d, resnext101_64x4d, wide_resnet50_2, wide_resnet101_2)\n"
    )
    assert ran.out.startswith("ResNet (resnet18), input 3x224x224\n")
    assert run("shapes", "resnet.arch", "--depth", "1", "--variant", "resnet18").err == ""
    assert run("shapes", "resnet18", "--depth", "1").err == ""


def test_depth_input_and_parameters(run: Run) -> None:
    ran = run("shapes", "resnet50", "--depth", "2", "--input", "3x64x96", "--set", "classes=10")
    assert ran.status == 0
    assert "  layer1.1…2" in ran.out
    assert "layer1.0.conv1" not in ran.out
    assert ran.out.startswith("ResNet (resnet50), input 3x64x96\n")
    assert "\noutput          10\n" in ran.out
    assert "\nparameters      23,528,522\n" in ran.out


@pytest.mark.parametrize(
    ("setting", "layer"),
    [
        ("config=A-LRN", "lrn"),
        ('config="A-LRN"', "lrn"),
        ("config=A", "relu"),
        ("act=gelu", "gelu"),
        ("act=leakyrelu(0.2)", "leakyrelu(0.2)"),
        ("act=own", "own"),
        ("act = elu", "elu"),
    ],
)
def test_values_of_parameters(run: Run, tmp_path: Path, setting: str, layer: str) -> None:
    spec = (
        'arch net(config = "A", act = relu)\ninput 3x8x8\nblock own = [conv3-8]\n'
        "table config\n| A | A-LRN |\n| act | lrn |\n"
    )
    (tmp_path / "net.arch").write_text(spec, encoding="utf-8")
    ran = run("shapes", "net.arch", "--format", "json", "--set", setting)
    assert ran.err == ""
    assert json.loads(ran.out)["layers"][0]["layer"] == layer


def test_a_vector_has_no_smallest_input(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.arch").write_text("arch net\ninput 8\nfc-4\n", encoding="utf-8")
    assert run("shapes", "net.arch").out.endswith("smallest input  none\n")
    assert json.loads(run("shapes", "net.arch", "--format", "json").out)["smallest_input"] is None


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["resnet51"], 1, "error[unknown-spec]: there is no spec `resnet51`"),
        (["resnet.arch", "--variant", "resnet51"], 1, "error[unknown-variant]"),
        (["resnet50", "--input", "3x"], 1, "error[bad-input]"),
        (["resnet50", "--input", "3x0x4"], 1, "error[bad-input]"),
        (["resnet50", "--set", "klasses=3"], 1, "error[unknown-parameter]"),
        (["resnet50", "--set", "classes=(3"], 1, "error[unclosed]"),
        (["resnet50", "--set", "classes=3 4"], 1, "error[syntax]"),
        (["resnet50", "--set", "classes=1/0"], 1, "error[bad-expression]"),
        (["resnet50", "--set", "classes"], 2, "is not NAME=VALUE"),
        (["resnet50", "--set", "=3"], 2, "is not NAME=VALUE"),
        (["resnet50", "--depth", "0"], 2, "Invalid value for '--depth'"),
        (["resnet50", "--format", "xml"], 2, "Invalid value for '--format'"),
        (["vgg16", "--input", "3x31x31"], 1, "error[shape-too-small]"),
        ([], 2, "Missing argument 'SPEC'"),
    ],
)
def test_mistakes(run: Run, arguments: list[str], status: int, said: str) -> None:
    ran = run("shapes", *arguments)
    assert ran.status == status
    assert ran.out == ""
    assert said in ran.err
    assert "Traceback" not in ran.err


def test_csv_and_markdown(run: Run) -> None:
    rows = list(csv.DictReader(run("shapes", "resnet18", "--depth", "1", "--format", "csv").out.splitlines()))
    assert [row["name"] for row in rows][:2] == ["conv1", "bn1"]
    assert sum(int(row["params"]) for row in rows) == 11_689_512
    lines = run("shapes", "resnet18", "--depth", "1", "--format", "markdown").out.splitlines()
    assert lines[2] == "| conv1 | conv7-64/2 | 1 | 64x112x112 | 9408 | 118013952 |"
    assert lines[6] == "| layer1 | \\[basic(64) ×2\\] | 1 | 64x56x56 | 147968 | 462422016 |"


def test_receptive_field_and_memory_are_there_where_asked_for(run: Run) -> None:
    ran = run("shapes", "resnet18", "--depth", "1", "--receptive-field", "--batch", "4")
    assert (ran.status, ran.err) == (0, "")
    assert any(line.startswith("layer4 ") and line.endswith("    435      32    -217") for line in ran.out.splitlines())
    assert "at the peak, 4 samples of float32" in ran.out
    assert "1 sample of float16" in run("shapes", "resnet18", "--dtype", "float16").out
    plain = run("shapes", "resnet18").out
    assert "offset" not in plain
    assert "samples" not in plain
    assert run("shapes", "resnet18", "--batch", "0").status == 2
    open_size = run("shapes", "resnet18", "--input", "3xHxW", "--batch", "2")
    assert (open_size.status, open_size.out) == (1, "")
    assert "error[needs-a-size]: memory is counted in numbers" in open_size.err
