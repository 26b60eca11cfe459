"""Networks as files that other programs run, each held against the module."""

from __future__ import annotations

import random
from pathlib import Path

import onnxruntime
import pytest
import torch
from torch import nn

import archdsl
from archdsl.diagnostics import ArchError
from archdsl.runtime import exporting
from archdsl.runtime.exporting import export, optimized

from .networks import random_state, small


def loaded() -> nn.Module:
    return small().load(random_state(small())).eval()


@pytest.mark.parametrize("optimize", [False, True])
def test_onnx(optimize: bool, tmp_path: Path) -> None:
    module = loaded()
    done = export(module, (3, 16, 16), tmp_path / "net.onnx", optimize)
    assert done.form == "ONNX"
    assert done.difference < 1e-5
    assert ("3 of 3 batch norms folded into convolutions" in done.remarks) == optimize
    batch = torch.rand(5, 3, 16, 16)
    session = onnxruntime.InferenceSession(str(tmp_path / "net.onnx"))
    (output,) = session.run(None, {"input": batch.numpy()})
    with torch.no_grad():
        torch.testing.assert_close(torch.from_numpy(output), module(batch))
    assert [each.name for each in tmp_path.iterdir()] == ["net.onnx"]


def test_a_program(tmp_path: Path) -> None:
    module = loaded()
    assert export(module, (3, 16, 16), tmp_path / "net.pt2").form == "a program of torch.export"
    batch = torch.rand(3, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(torch.export.load(str(tmp_path / "net.pt2")).module()(batch), module(batch))


def test_machine_code(tmp_path: Path) -> None:
    if exporting.compiler() is None:
        pytest.skip("AOTInductor needs a C++ compiler, and none is here")
    # The compiler takes its time for every layer.
    network = archdsl.loads("arch n  input 3x8x8  conv3-4 bn relu gap fc: fc-2")
    module = network.load(random_state(network)).eval()
    done = export(module, (3, 8, 8), tmp_path / "net.pt2", optimize=True)
    assert done.form == "machine code of AOTInductor"
    assert done.difference < 1e-5
    batch = torch.rand(3, 3, 8, 8)
    with torch.no_grad():
        made = torch._inductor.aoti_load_package(str(tmp_path / "net.pt2"))(batch)
        torch.testing.assert_close(made, module(batch))


def test_without_a_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "COMPILERS", ())
    done = export(loaded(), (3, 16, 16), tmp_path / "net.pt2", optimize=True)
    assert done.form == "a program of torch.export"
    assert "no C++ compiler is here" in done.remarks[-1]


def test_optimized_modules() -> None:
    module, inputs = loaded(), torch.rand(2, 3, 16, 16)
    folded, last, remarks = optimized(module, inputs)
    assert remarks == ["3 of 3 batch norms folded into convolutions", "channels last"]
    assert not any(isinstance(each, nn.BatchNorm2d) for each in folded.modules())
    assert last.is_contiguous(memory_format=torch.channels_last)
    with torch.no_grad():
        torch.testing.assert_close(folded(last), module(inputs))
    # The module itself stays as it was.
    assert any(isinstance(each, nn.BatchNorm2d) for each in module.modules())


def test_a_difference_is_seen_and_nothing_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module = loaded()

    def wrong(module: nn.Module, inputs: torch.Tensor, draft: Path) -> tuple[str, torch.Tensor]:
        draft.write_bytes(b"half a file")
        with torch.no_grad():
            return "wrong", module(inputs) * 1.01

    monkeypatch.setattr(exporting, "_onnx", wrong)
    with pytest.raises(
        ArchError,
        match=r"different-outputs.*net.onnx. doesn't give the network's outputs",
    ):
        export(module, (3, 16, 16), tmp_path / "net.onnx")
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ValueError, match=r"an export ends in \.onnx or \.pt2"):
        export(module, (3, 16, 16), tmp_path / "net.torch")


LAYERS = ("conv3-4 relu", "conv3-6 bn relu", "maxpool", "avgpool", "dropout")
POOLS = ("adaptive-maxpool3", "adaptive-avgpool3", "adaptive-maxpool4x2", "adaptive-avgpool5x3", "adaptive-maxpool1")


@pytest.mark.parametrize("seed", range(6))
def test_what_an_exporter_refuses_is_said_and_nothing_written(seed: int, tmp_path: Path) -> None:
    """Whatever pool stands wherever: a file with the network's outputs, or the layer that has no form there."""
    draw = random.Random(seed)
    pool = POOLS[seed % len(POOLS)]
    body = [draw.choice(LAYERS) for _ in range(draw.randint(0, 3))]
    text = f"arch n  input 3x13x11  body: [{' '.join(body)} {pool}] fc: fc-3"
    network = archdsl.loads(text)
    module = network.load(random_state(network)).eval()
    try:
        export(module, (3, 13, 11), tmp_path / "net.onnx", draw.random() < 0.5)
    except ArchError as error:
        (found,) = error.diagnostics
        assert found.code == "export-refused"
        assert "`body." in found.helps[0] or "`adaptive" in found.helps[0]
        assert "adaptive" in found.notes[0]
        assert list(tmp_path.iterdir()) == []
    else:
        assert (tmp_path / "net.onnx").is_file()
    assert export(module, (3, 13, 11), tmp_path / "net.pt2").difference == 0


def test_a_file_of_onnx_has_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "MOST_ONNX", 1000)
    with pytest.raises(ArchError, match=r"export-refused.*bytes of weights"):
        export(loaded(), (3, 16, 16), tmp_path / "net.onnx")
    assert export(loaded(), (3, 16, 16), tmp_path / "net.pt2").form


def test_only_what_a_library_does_is_its_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise KeyError("ours")

    monkeypatch.setattr(exporting, "_require_equal", broken)
    with pytest.raises(KeyError, match="ours"):
        export(loaded(), (3, 16, 16), tmp_path / "net.pt2")
    # And a full disk is the file system's.
    monkeypatch.setattr(torch.export, "export", broken)
    with pytest.raises(ArchError, match="export-refused"):
        export(loaded(), (3, 16, 16), tmp_path / "net.pt2")
    assert list(tmp_path.iterdir()) == []
