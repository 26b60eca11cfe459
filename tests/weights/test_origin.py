"""What a file that we write says of its network, and what is said of it to another."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

import archdsl
from archdsl.analysis.difference import first_difference
from archdsl.diagnostics import ArchError
from archdsl.network import Network
from archdsl.opening.origin import Origin, network_digest
from archdsl.runtime.weights import read_weights
from archdsl.weights.preprocessing import Preprocessing

from .networks import SMALL, random_state, small


def saved(network: Network, path: Path) -> Path:
    network.save(path, network.load(random_state(network)))
    return path


def test_a_file_carries_its_spec(tmp_path: Path) -> None:
    network = small(classes=7)
    file = saved(network, tmp_path / "w.safetensors")
    weights = read_weights(file)
    origin = Origin.from_metadata(weights.metadata, "w")
    assert origin.spec == SMALL
    assert origin.parameters == {"classes": "7"}
    assert origin.version == archdsl.__version__
    assert repr(Network(origin.program(), origin.architecture())) == repr(network)
    assert len(origin.digest) == 64
    module = network.load(file)
    for key, tensor in random_state(network).items():
        assert torch.equal(module.state_dict()[key], tensor)
    assert [each.name for each in tmp_path.iterdir()] == ["w.safetensors"]


def test_preprocessing_and_classes_go_along(tmp_path: Path) -> None:
    network, wanted = small(), Preprocessing((16, 16), (18, 18), "bicubic", (0.498,) * 3, (0.502,) * 3)
    network.save(tmp_path / "w", network.module(), preprocessing=wanted, classes=["ä", "b", "c", "d", "e"])
    loaded = network.loaded(tmp_path / "w")
    assert loaded.preprocessing == wanted
    assert loaded.classes == ("ä", "b", "c", "d", "e")


def test_imported_files_go_along(tmp_path: Path) -> None:
    folder = tmp_path / "specs"
    (folder / "parts").mkdir(parents=True)
    (folder / "net.arch").write_text(
        'from "parts/a.arch" use unit\narch net(act = relu)\ninput 3x8x8\nunit: unit(act)\n', encoding="utf-8"
    )
    (folder / "parts" / "a.arch").write_text(
        'from "b.arch" use inner\nblock unit(act) = [inner act]\n', encoding="utf-8"
    )
    (folder / "parts" / "b.arch").write_text("block inner = [conv3-8 bn]\n", encoding="utf-8")
    network = archdsl.load(folder / "net.arch", act="gelu")
    file = saved(network, tmp_path / "w")
    for path in (folder / "parts").iterdir():
        path.unlink()
    origin = Origin.from_metadata(read_weights(file).metadata, "w")
    assert sorted(origin.imports) == ["parts/a.arch", "parts/b.arch"]
    assert origin.parameters == {"act": "gelu"}
    # The spec is there again without any of its files.
    assert origin.architecture().output == network.architecture.output
    assert network_digest(origin.architecture()) == origin.digest


@pytest.mark.parametrize("variant", ["vgg11_lrn", "resnet18", "densenet121", "googlenet", "efficientnet_lite0"])
def test_the_hash_is_that_of_the_spec_read_again(variant: str) -> None:
    network = archdsl.load(variant)
    origin = Origin.of(network.program, network.architecture)
    again = Origin.from_metadata(origin.to_metadata(), "w")
    assert again == origin
    origin.require_same(again.architecture(), "w")
    assert network_digest(again.architecture()) == network_digest(network.architecture)


def test_the_hash_knows_no_places() -> None:
    one, other = archdsl.loads(SMALL), archdsl.loads("# a remark\n\n" + SMALL, name="b.arch")
    assert network_digest(one.architecture) == network_digest(other.architecture)
    assert network_digest(one.architecture) != network_digest(small(classes=6).architecture)


def differing(text: str, other: str) -> str | None:
    theirs, ours = archdsl.loads(text), archdsl.loads(other)
    return first_difference(theirs.architecture, ours.architecture)


@pytest.mark.parametrize(
    ("change", "to", "difference"),
    [
        ("conv3-8/2", "conv3-8", "`stem.0` is conv3-8 here and conv3-8/2 there"),
        ("relu conv2: conv3-8", "gelu conv2: conv3-8", "`layer1.gelu` is gelu here and relu there"),
        ("bn2: bn |", "bn2: bn(eps=0.001) |", "`layer1.bn2` is bn(eps=0.001) here and bn there"),
        ("gap", "dropout(0.5) gap", "`dropout` is dropout here and gap there"),
        ("classes = 5", "classes = 6", "`fc` is fc-6 here and fc-5 there"),
        ("bn1: bn relu", "bn1: bn", "`layer1.conv2` is conv3-8 here and relu there"),
        ("gap\nfc", "gap relu relu\nfc", "`relu1` is relu here and fc-5 there"),
        ("fc: fc-{classes}", "", "fc-5 is at the end there, and nothing here"),
        ("fc: fc-{classes}", "fc: fc-{classes} softmax", "`softmax` is softmax here, and nothing there"),
        ("residual<", "add<identity | ", "`layer1` is add here and residual there"),
        ("stem:", "trunk:", None),
        ("3x16x16", "3x32x32", None),
    ],
)
def test_the_first_difference_is_named(change: str, to: str, difference: str | None) -> None:
    assert change in SMALL
    other = SMALL.replace(change, to)
    if to.startswith("add<"):
        other = other.replace(" | project>", ">")
    found = differing(SMALL, other)
    assert found == difference


def test_another_network_is_refused(tmp_path: Path) -> None:
    file = saved(small(), tmp_path / "w")
    gelu = archdsl.loads(SMALL.replace("relu conv2", "gelu conv2"))
    # Every tensor fits, and the outputs would be others.
    assert gelu.fit(file).complete
    with pytest.raises(ArchError) as raised:
        gelu.load(file)
    assert raised.value.diagnostics[0].code == "weights-of-another-network"
    assert "the first difference: `layer1.gelu` is gelu here and relu there" in str(raised.value)
    gelu.load(file, any_network=True)


def test_a_new_head_and_a_larger_image_are_no_other_network(tmp_path: Path) -> None:
    file = saved(small(), tmp_path / "w")
    with pytest.raises(ArchError, match="`fc` is fc-9 here and fc-5 there"):
        small(classes=9).load(file)
    assert small(classes=9).load(file, new=("fc",)) is not None
    archdsl.loads(SMALL, input="3x64x80").load(file)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("archdsl.imports", "[1]"),
        ("archdsl.parameters", "nonsense"),
        ("archdsl.variant", "{"),
        ("archdsl.imports", "[" * 100_000),
    ],
)
def test_what_a_file_says_may_be_nonsense(key: str, value: str, tmp_path: Path) -> None:
    file = saved(small(), tmp_path / "w")
    with safe_open(str(file), "pt") as held:
        tensors = {name: held.get_tensor(name) for name in held.keys()}  # noqa: SIM118 — it is no dict
        metadata = {**held.metadata(), key: value}
    save_file(tensors, file, metadata)
    with pytest.raises(ArchError) as raised:
        small().load(file)
    assert raised.value.diagnostics[0].code == "no-spec-inside"


def test_a_spec_inside_that_is_none(tmp_path: Path) -> None:
    network = small()
    metadata = Origin.of(network.program, network.architecture).to_metadata()
    metadata |= {"archdsl.spec": "arch net\ninput 3x8x8\nconv3-8 (\n", "archdsl.network": "0"}
    save_file(random_state(network), tmp_path / "w", metadata)
    with pytest.raises(ArchError, match=r"error\["):
        network.load(tmp_path / "w")
    # Its imports are texts; no file is read.
    metadata["archdsl.spec"] = 'from "/etc/passwd" use a\narch net\ninput 3x8x8\nconv3-8\n'
    save_file(random_state(network), tmp_path / "w", metadata)
    with pytest.raises(ArchError, match=r"the text of `/etc/passwd` isn't there"):
        network.load(tmp_path / "w")


def test_a_file_that_says_nothing(tmp_path: Path) -> None:
    save_file(random_state(small()), tmp_path / "w")
    with pytest.raises(ArchError, match="carries no spec"):
        Origin.from_metadata(read_weights(tmp_path / "w").metadata, "w")


def test_nothing_is_left_where_writing_fails(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file or directory"):
        saved(small(), tmp_path / "none" / "w")
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="folder"):
        saved(small(), tmp_path / "folder")
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]
