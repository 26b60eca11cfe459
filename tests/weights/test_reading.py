"""Files of weights: both formats, checkpoints, broken files, and files that would run code."""

from __future__ import annotations

import json
import os
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from archdsl.diagnostics import ArchError
from archdsl.runtime.weights import read_weights

from .networks import random_state, small


def test_both_formats_by_their_content(tmp_path: Path) -> None:
    tensors = random_state(small())
    # The suffix says nothing.
    save_file(tensors, tmp_path / "a.pth")
    torch.save(tensors, tmp_path / "b.safetensors")
    torch.save(tensors, tmp_path / "c", _use_new_zipfile_serialization=False)
    for name in ("a.pth", "b.safetensors", "c"):
        module = small().load(tmp_path / name)
        for key, tensor in module.state_dict().items():
            assert torch.equal(tensor, tensors[key]), (name, key)
    assert not read_weights(tmp_path / "a.pth").ordered
    assert read_weights(tmp_path / "c").ordered


@pytest.mark.parametrize("key", ["state_dict", "model_state_dict", "model"])
def test_checkpoints_of_training(key: str, tmp_path: Path) -> None:
    tensors = random_state(small())
    torch.save({"epoch": 3, key: {f"module.{name}": each for name, each in tensors.items()}}, tmp_path / "w.pt")
    weights = read_weights(tmp_path / "w.pt")
    assert weights.inside == key
    assert small().fit(weights).complete


class Payload:
    """What a file with code in it holds: reading it the careless way makes a file."""

    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.target}",)


@pytest.mark.parametrize("kind", ["zip", "legacy", "pickle"])
def test_a_pickle_with_code_is_refused(kind: str, tmp_path: Path) -> None:
    mark, file = tmp_path / "ran", tmp_path / "w.pt"
    held = {"stem.0.weight": torch.zeros(3), "code": Payload(mark)}
    if kind == "pickle":
        file.write_bytes(pickle.dumps(held))
    else:
        torch.save(held, file, _use_new_zipfile_serialization=kind == "zip")
    with pytest.raises(ArchError) as raised:
        small().load(file)
    (diagnostic,) = raised.value.diagnostics
    assert not mark.exists()
    if kind == "pickle":
        # No file of torch's at all.
        assert diagnostic.code in ("weights-with-code", "unreadable-weights")
        return
    assert diagnostic.code == "weights-with-code"
    assert "`posix.system`" in diagnostic.message
    assert "nothing of it ran" in diagnostic.message
    # The same file, read carelessly, does run it.
    torch.load(file, weights_only=False)
    assert mark.exists()


def test_a_whole_module_is_refused(tmp_path: Path) -> None:
    torch.save(nn.Sequential(nn.Linear(2, 2)), tmp_path / "w.pt")
    with pytest.raises(ArchError, match=r"would run code when it is read, `torch\.nn\.modules\."):
        read_weights(tmp_path / "w.pt")


def header(text: bytes, length: int | None = None, data: bytes = b"") -> bytes:
    return struct.pack("<Q", len(text) if length is None else length) + text + data


TENSOR = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}

HOSTILE = {
    "huge header": header(b"{}", 2**62),
    "header longer than the file": header(b"{}", 1000),
    "no header": b"\x05\x00\x00",
    "no JSON": header(b"{{{{{{{{"),
    "offsets beyond the end": header(json.dumps({"a": {**TENSOR, "data_offsets": [0, 2**40]}}).encode(), data=bytes(8)),
    "offsets that overlap": header(
        json.dumps({"a": TENSOR, "b": {**TENSOR, "data_offsets": [4, 12]}}).encode(), data=bytes(12)
    ),
    "a shape that lies": header(json.dumps({"a": {**TENSOR, "shape": [2**40]}}).encode(), data=bytes(8)),
    "a shape that overflows": header(json.dumps({"a": {**TENSOR, "shape": [2**62, 2**62]}}).encode(), data=bytes(8)),
    "an unknown type": header(json.dumps({"a": {**TENSOR, "dtype": "X9"}}).encode(), data=bytes(8)),
    "deep JSON": header(b'{"a":' + b"[" * 10_000 + b"]" * 10_000 + b"}"),
    "a broken zip": b"PK\x03\x04" + bytes(100),
    "a broken pickle": b"\x80\x02garbage",
    "nothing": b"",
    "text": b"arch net\ninput 3x8x8\n",
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_and_broken_files(kind: str, tmp_path: Path) -> None:
    file = tmp_path / "w"
    file.write_bytes(HOSTILE[kind])
    with pytest.raises(ArchError) as raised:
        small().load(file)
    (diagnostic,) = raised.value.diagnostics
    assert diagnostic.code == "unreadable-weights"
    assert len(str(raised.value).splitlines()) <= 6


@pytest.mark.parametrize("held", [{"epoch": 3}, {}, [torch.zeros(2)], torch.zeros(2), {"a": torch.zeros(2), "b": 1}, 3])
def test_files_without_tensors_by_name(held: object, tmp_path: Path) -> None:
    torch.save(held, tmp_path / "w.pt")
    with pytest.raises(ArchError, match="and no tensors by name"):
        read_weights(tmp_path / "w.pt")


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        small().load(tmp_path / "w.pt")
    with pytest.raises(IsADirectoryError):
        small().load(tmp_path)


def test_preprocessing_that_makes_no_sense(tmp_path: Path) -> None:
    for text in ("{}", "[]", "nonsense", '{"crop": -1, "resize": 4}', '{"crop": 8, "resize": 8, "std": [0, 0, 0]}'):
        save_file({"a": torch.zeros(2)}, tmp_path / "w", {"archdsl.preprocessing": text})
        with pytest.raises(ArchError, match="its pre-processing makes no sense"):
            read_weights(tmp_path / "w")
