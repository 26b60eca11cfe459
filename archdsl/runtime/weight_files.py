"""Weights in files: the safetensors format, which holds arrays by name and nothing that could run."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.diagnostics import ArchError
from archdsl.rewrite.weights import BadWeights

if TYPE_CHECKING:
    from torch import Tensor


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by their names. Raises ArchError for what is no such file, OSError where there is none."""
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    if not path.is_file():
        raise FileNotFoundError(2, os.strerror(2), str(path))
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ArchError(
            BadWeights(None, f"`{path}` is no file of weights", notes=[str(error)], helps=["the format is safetensors"])
        ) from None


def write_weights(path: Path, tensors: Mapping[str, Tensor]) -> None:
    """Put tensors into a file; who reads it sees the old file or the new one, never a part. Raises OSError."""
    from safetensors.torch import save_file

    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, draft, metadata={"format": "pt"})
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
