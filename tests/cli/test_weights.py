"""`archdsl weights`, `predict` and `export` as a person uses them; what they compute is tested in `tests/weights`."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from archdsl.runtime.weights import read_weights

from ..weights.networks import SMALL, random_state, small
from ..weights.test_reading import Payload
from .conftest import Run


@pytest.fixture
def spec(tmp_path: Path) -> str:
    (tmp_path / "small.arch").write_text(SMALL, encoding="utf-8")
    return "small.arch"


def test_fit_show_and_spec(run: Run, spec: str) -> None:
    torch.save({"state_dict": random_state(small())}, "w.pt")
    fitted = run("weights", "fit", spec, "w.pt", "-o", "w.safetensors", "--mean", "0.5", "--std", "0.25,0.25,0.5")
    assert fitted.status == 0
    assert fitted.out.splitlines()[0].split() == ["network", "file", "shape", "by"]
    assert fitted.out.splitlines()[-1] == "20 of 20 tensors (20 by name)"
    shown = run("weights", "show", "w.safetensors")
    assert shown.status == 0
    assert "stem.0.weight" in shown.out
    assert "20 tensors, " in shown.out
    assert "mean (0.5, 0.5, 0.5), standard deviation (0.25, 0.25, 0.5)" in shown.out
    assert "they are under `state_dict` in the file" in run("weights", "show", "w.pt").out
    printed = run("weights", "spec", "w.safetensors")
    assert printed.out == SMALL
    assert printed.err == "note: small.arch --set classes=5, input 3x16x16\n"
    assert run("weights", "spec", "w.pt").err.startswith("error[no-spec-inside]: `w.pt` carries no spec")


def test_every_fault_has_its_name_and_nothing_is_written(run: Run, spec: str) -> None:
    tensors = random_state(small())
    tensors["stem.1.shift"] = tensors.pop("stem.1.bias")
    del tensors["layer1.conv2.weight"]
    tensors["spare.weight"] = torch.zeros(3)
    tensors["fc.weight"] = tensors["fc.weight"][:, :-1].contiguous()
    save_file(tensors, "w.safetensors")
    done = run("weights", "fit", spec, "w.safetensors", "-o", "out.safetensors")
    assert done.status == 1
    assert "17 of 20 tensors" in done.out
    assert done.err.startswith(
        "error[unfitted-weights]: 17 of 20 tensors of `small` are in `w.safetensors`, and nothing"
    )
    for name in ("stem.1.bias", "stem.1.shift", "layer1.conv2.weight", "spare.weight", "fc.weight"):
        assert f"`{name}`" in done.err
    assert not Path("out.safetensors").exists()
    for command in (("export", spec, "--weights", "w.safetensors", "-o", "net.onnx"),):
        assert run(*command).status == 1
    assert not Path("net.onnx").exists()


def test_new_and_drop(run: Run, spec: str) -> None:
    save_file(random_state(small()) | {"spare.weight": torch.zeros(3)}, "w.safetensors")
    done = run(
        "weights", "fit", spec, "w.safetensors", "--set", "classes=9", "--new", "fc", "--drop", "spare", "-o", "o"
    )
    assert done.status == 0
    assert done.out.splitlines()[-1] == "18 of 20 tensors (18 by name, 2 new)"
    assert read_weights("o").shapes["fc.weight"] == (9, 8)
    wrong = run("weights", "fit", spec, "w.safetensors", "--new", "f")
    assert wrong.status == 1
    assert "`f` of `new` is no part of the network" in wrong.err


def test_another_network(run: Run, spec: str) -> None:
    small().save("w.safetensors", small().module())
    Path("gelu.arch").write_text(SMALL.replace("relu conv2", "gelu conv2"), encoding="utf-8")
    refused = run("weights", "fit", "gelu.arch", "w.safetensors")
    assert refused.status == 1
    assert "the first difference: `layer1.gelu` is gelu here and relu there" in refused.err
    assert run("weights", "fit", "gelu.arch", "w.safetensors", "--any-network").status == 0


def test_code_is_refused(run: Run, spec: str, tmp_path: Path) -> None:
    torch.save({"a": Payload(tmp_path / "ran")}, "w.pt")
    for command in (("show", "w.pt"), ("spec", "w.pt"), ("fit", spec, "w.pt")):
        done = run("weights", *command)
        assert done.status == 1
        assert done.err.startswith("error[weights-with-code]: `w.pt` would run code when it is read, `posix.system`")
    assert not (tmp_path / "ran").exists()


def test_names_of_a_file_disturb_no_terminal(run: Run, spec: str) -> None:
    save_file({"a\x1b[31m.weight": torch.zeros(3)}, "w.safetensors", {"k\x1b[2J": "v\x07\nmore"})
    shown = run("weights", "show", "w.safetensors")
    fitted = run("weights", "fit", spec, "w.safetensors")
    assert shown.status == 0
    assert fitted.status == 1
    for text in (shown.out, fitted.out, fitted.err):
        assert "\x1b" not in text
        assert "\x07" not in text


def test_files_that_are_not_there(run: Run, spec: str) -> None:
    for command in (
        ("weights", "show", "none.pt"),
        ("weights", "fit", spec, "none.pt"),
        ("export", spec, "--weights", "none.pt", "-o", "net.onnx"),
        ("predict", spec, "a.png", "--weights", "none.pt"),
    ):
        done = run(*command)
        assert done.status == 2
        assert done.err == "error: none.pt: no such file or directory\n"


def test_no_network(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def no_network(*arguments: object, **options: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr(torch.hub, "urlopen", no_network)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    done = run("weights", "fit", "resnet18", "torchvision:IMAGENET1K_V1")
    assert done.status == 2
    assert done.err.splitlines()[-1].startswith(
        "error: the weights ResNet18_Weights.IMAGENET1K_V1 couldn't be fetched from https://"
    )
    assert done.out == ""
    unknown = run("weights", "fit", "resnet18", "torchvision:IMAGENET1K_V7")
    assert unknown.status == 1
    assert "there is `IMAGENET1K_V1`" in unknown.err


def test_predict(run: Run, spec: str) -> None:
    save_file(random_state(small()), "w.safetensors")
    Image.new("RGB", (40, 30), "red").save("a.png")
    Path("names.txt").write_text("ant\nbee\ncat\ndog\neel\n", encoding="utf-8")
    done = run("predict", spec, "a.png", "--weights", "w.safetensors", "--classes", "names.txt", "--map", "m.png")
    assert done.status == 0
    assert done.out.splitlines()[0] == "a.png"
    assert sorted(line.split()[1] for line in done.out.splitlines()[1:]) == ["ant", "bee", "cat", "dog", "eel"]
    assert "assumed, as the weights don't say" in done.err
    with Image.open("m.png") as drawn:
        assert drawn.size == (40, 50)
    told = run("predict", spec, "a.png", "--weights", "w.safetensors", "--crop", "16", "--std", "1", "--top", "2")
    assert "standard deviation (1, 1, 1)" in told.err
    assert "assumed" not in told.err
    assert len(told.out.splitlines()) == 3
    for options, problem in (
        (("--std", "0"), "a standard deviation is above 0"),
        (("--std", "x"), "`x` is not a number"),
        (("--classes", "small.arch"), "names, and the network 5 classes"),
        (("a.png", "--map", "m.png"), "--map draws one image"),
    ):
        wrong = run("predict", spec, "a.png", "--weights", "w.safetensors", *options)
        assert wrong.status == 2
        assert problem in wrong.err
    Path("b.png").write_bytes(b"nothing")
    assert run("predict", spec, "b.png", "--weights", "w.safetensors").status == 2
    Path("flat.arch").write_text("arch flat\ninput 3x4x4\nfc-5\n", encoding="utf-8")
    flat = run("predict", "flat.arch", "a.png", "--weights", "w.safetensors", "--map", "m.png")
    assert flat.status == 1
    assert flat.err.startswith("error[no-map-of-scores]")


def test_export(run: Run, spec: str) -> None:
    save_file(random_state(small()), "w.safetensors")
    done = run("export", spec, "--weights", "w.safetensors", "-o", "net.pt2")
    assert done.status == 0
    assert done.out.startswith("net.pt2: a program of torch.export, ")
    assert Path("net.pt2").is_file()
    wrong = run("export", spec, "--weights", "w.safetensors", "-o", "net.txt")
    assert wrong.status == 2
    assert "an export ends in .onnx or .pt2" in wrong.err
    opened = run("export", spec, "--weights", "w.safetensors", "--input", "3xHxW", "-o", "net.pt2")
    assert opened.status == 2
    assert "in numbers" in opened.err
