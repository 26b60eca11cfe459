"""`archdsl rewrite` and `archdsl diff` as a person runs them: what is written, what is said, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archdsl.rewrite.rules.fc_to_conv import FcToConv
from archdsl.runtime.weights import read_weights
from archdsl.writing import without_mark

from .conftest import Run

NET = "arch net\ninput 4x5x5\nconv3-8 bn relu\nfc-3\n"


def weights(path: str) -> None:
    import archdsl

    network = archdsl.load("net.arch")
    network.save(path, network.module())


def test_prints_a_spec_and_says_notes_apart(run: Run) -> None:
    Path("net.arch").write_text(NET)
    ran = run("rewrite", "fc-to-conv", "net.arch")
    assert (ran.status, ran.err) == (0, "")
    assert ran.out == NET.replace("fc-3", 'conv5-3(padding="valid")')
    ran = run("rewrite", "fc-to-gap", "net.arch")
    assert ran.out.endswith("conv1-3 gap\n")
    assert ran.err.startswith("note: fc-to-gap is not exact")


def test_writes_a_spec_and_weights(run: Run) -> None:
    Path("net.arch").write_text(NET)
    weights("w.safetensors")
    ran = run(
        "rewrite",
        "fc-to-conv",
        "net.arch",
        "-o",
        "new.arch",
        "--weights",
        "w.safetensors",
        "--weights-out",
        "v.safetensors",
    )
    assert ran.status == 0
    assert ran.out.startswith("net: equal; largest difference ")
    old, new = read_weights("w.safetensors").tensors, read_weights("v.safetensors").tensors
    assert new["conv2.weight"].shape == (3, 8, 5, 5)
    assert new["conv2.weight"].flatten().equal(old["fc.weight"].flatten())
    assert run("check", "new.arch").status == 0
    assert run("weights", "fit", "new.arch", "v.safetensors").status == 0
    assert run("weights", "spec", "v.safetensors").out == without_mark(Path("new.arch").read_text())


def test_writes_nothing_where_an_exact_rule_is_not(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("net.arch").write_text(NET)
    weights("w.safetensors")
    original = FcToConv.travels

    def wrong(self, new, old, gone=()):  # type: ignore[no-untyped-def]
        for travel in original(self, new, old, gone):
            how = travel.how
            object.__setattr__(travel, "how", lambda *arrays, how=how: 2 * how(*arrays))
            yield travel

    monkeypatch.setattr(FcToConv, "travels", wrong)
    ran = run(
        "rewrite",
        "fc-to-conv",
        "net.arch",
        "-o",
        "new.arch",
        "--weights",
        "w.safetensors",
        "--weights-out",
        "v.safetensors",
    )
    assert ran.status == 1
    assert "error[not-equal]" in ran.err
    assert sorted(path.name for path in Path().iterdir()) == ["net.arch", "w.safetensors"]


def test_proves_on_random_weights(run: Run) -> None:
    Path("net.arch").write_text(NET)
    ran = run("rewrite", "fold-batchnorm", "net.arch", "--prove")
    assert ran.status == 0
    assert ran.out == NET.replace(" bn", "")
    assert ran.err.startswith("net: equal; largest difference ")
    ran = run("rewrite", "fc-to-gap", "net.arch", "--prove")
    assert "net: other; largest difference " in ran.err


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("fc-to-con", "net.arch"), 1, "error[unknown-rule]"),
        (("fc-to-conv", "nonet.arch"), 1, "error[unknown-spec]"),
        (("gap-to-conv-head", "net.arch"), 1, "error[nothing-to-rewrite]"),
        (("fc-to-conv", "net.arch", "--at", "nowhere"), 1, "below `nowhere`"),
        (("fc-to-conv", "net.arch", "--added"), 2, "takes no --added"),
        (("fc-to-conv", "net.arch", "--weights", "w"), 2, "belong together"),
        (("fc-to-conv", "net.arch", "--weights", "w", "--weights-out", "v"), 2, "w: no such file"),
        (("fc-to-conv", "net.arch", "--weights", "net.arch", "--weights-out", "v"), 1, "error[unreadable-weights]"),
        (("fc-to-conv", "net.arch", "-o", "no/where.arch"), 2, "no such file"),
        (("fc-to-conv", "vgg.arch", "--variant", "vgg17"), 1, "error[unknown-variant]"),
    ],
)
def test_refuses(run: Run, arguments: tuple[str, ...], status: int, says: str) -> None:
    Path("net.arch").write_text(NET)
    ran = run("rewrite", *arguments)
    assert ran.status == status
    assert says in ran.err
    assert [path.name for path in Path().iterdir()] == ["net.arch"]


def test_a_spec_is_not_taken_from_the_files_it_needs(run: Run) -> None:
    Path("unit.arch").write_text("block unit = [conv3-8 relu]\n")
    Path("net.arch").write_text('from "unit.arch" use unit\narch net\ninput 4x5x5\nunit\nfc-3\n')
    assert run("rewrite", "fc-to-conv", "net.arch", "-o", "new.arch").status == 0
    Path("below").mkdir()
    ran = run("rewrite", "fc-to-conv", "net.arch", "-o", "below/new.arch")
    assert ran.status == 1
    assert "error[import-not-found]" in ran.err
    assert not Path("below/new.arch").exists()
    ran = run("rewrite", "unfold", "net.arch", "-o", "below/new.arch")
    assert ran.status == 0


def test_diff(run: Run) -> None:
    Path("net.arch").write_text(NET)
    Path("new.arch").write_text(NET.replace("bn relu", "relu dropout").replace("fc-3", "fc-4"))
    ran = run("diff", "net.arch", "new.arch")
    assert ran.status == 0
    assert ran.out.splitlines() == [
        "net, input 4x5x5 → net, input 4x5x5",
        "",
        "  name     layer        output     params       MACs",
        "~ conv     conv3-8      8x5x5   288 → 296      7,200",
        "- bn       bn           8x5x5          16          -",
        "  … 1 layer as before",
        "+ dropout  dropout      8x5x5           -          -",
        "~ fc       fc-3 → fc-4  3 → 4   603 → 804  600 → 800",
        "",
        "layers      1 came, 1 went, 2 changed",
        "output      3 → 4",
        "parameters  907 → 1,100 (+193, +21.3%)",
        "MACs        7,800 → 8,000 (+200, +2.6%) (1 MAC = 2 FLOPs)",
    ]


def test_diff_as_json(run: Run) -> None:
    ran = run("diff", "resnet20", "resnet32", "--format", "json")
    found = json.loads(ran.out)
    assert (found["before"]["variant"], found["after"]["variant"]) == ("resnet20", "resnet32")
    statuses = [layer["status"] for layer in found["layers"]]
    assert set(statuses) == {"same", "came"}
    assert all((layer["before"] is None) == (layer["status"] == "came") for layer in found["layers"])
    more = sum(layer["after"]["params"] for layer in found["layers"] if layer["status"] == "came")
    assert found["after"]["params"] - found["before"]["params"] == more


def test_diff_tells_equal_blocks_once(run: Run) -> None:
    ran = run("diff", "resnet20", "resnet56")
    lines = [line.split() for line in ran.out.splitlines() if line.startswith("+")]
    assert lines[0] == ["+", "layer1.3…8.conv1", "conv3-16", "×6", "16x32x32", "13,824", "14,155,776"]
    # Of each stage a block, and none of its copies.
    assert len(lines) < 24


def test_diff_follows_numbers_that_shift(run: Run) -> None:
    ran = run("diff", "vgg11", "vgg11_bn")
    marks = [line for line in ran.out.splitlines() if line[:1] in "+-~" and line.strip()]
    assert len(marks) == 8
    assert all(line.startswith("+") and " bn " in line for line in marks)


def test_diff_takes_a_variant_for_names_without_one(run: Run) -> None:
    ran = run("diff", "vgg11", "vgg.arch", "--variant", "vgg13")
    assert ran.out.startswith("VGG (vgg11), input 3x224x224 → VGG (vgg13), input 3x224x224\n")
    assert "layers      all the same" in run("diff", "lenet5", "lenet5").out
