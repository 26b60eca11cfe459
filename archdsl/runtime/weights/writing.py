"""Files of weights, written whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from archdsl.runtime.weights.reading import CLASSES, PREPROCESSING
from archdsl.weights.preprocessing import Preprocessing

if TYPE_CHECKING:
    from torch import Tensor


def write_weights(
    path: str | Path,
    tensors: Mapping[str, Tensor],
    metadata: Mapping[str, str],
    preprocessing: Preprocessing | None = None,
    classes: tuple[str, ...] = (),
) -> None:
    """Write tensors as a safetensors file, with texts by name, what images go through, and the classes' names.

    Who reads the file sees the old one or the new one, never a part. Raises OSError.
    """
    from safetensors.torch import save_file

    said = dict(metadata)
    if preprocessing is not None:
        said[PREPROCESSING] = preprocessing.to_json()
    if classes:
        said[CLASSES] = json.dumps(classes, ensure_ascii=False)
    # Tensors that share memory are written as many times as they have names.
    apart = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    replace(Path(path), lambda draft: save_file(apart, draft, said))


def replace(path: Path, write: Callable[[Path], None]) -> None:
    """Have a file written beside its place and then put there. Raises OSError."""
    target = Path(os.path.realpath(path))
    draft = target.with_name(f".{target.name}.{secrets.token_hex(4)}{target.suffix}")
    try:
        # The libraries that write say of a folder that isn't there what they like.
        draft.touch(exist_ok=False)
        write(draft)
        draft.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        draft.unlink(missing_ok=True)
