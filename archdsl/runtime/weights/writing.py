"""Files of weights, written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from archdsl.runtime.weights.reading import CLASSES, PREPROCESSING
from archdsl.weights.preprocessing import Preprocessing
from archdsl.writing import Place
from archdsl.writing.marks import DIGEST, NO_DIGEST

if TYPE_CHECKING:
    from torch import Tensor


def write_weights(
    place: Place,
    tensors: Mapping[str, Tensor],
    metadata: Mapping[str, str],
    preprocessing: Preprocessing | None = None,
    classes: tuple[str, ...] = (),
) -> None:
    """Write tensors as a safetensors file, with texts by name, what images go through, and the classes' names.

    Who reads the file sees the old one or the new one, never a part. Raises OSError.
    """
    from safetensors.torch import save_file

    said = {**metadata, DIGEST: NO_DIGEST}
    if preprocessing is not None:
        said[PREPROCESSING] = preprocessing.to_json()
    if classes:
        said[CLASSES] = json.dumps(classes, ensure_ascii=False)
    # Tensors that share memory are written as many times as they have names.
    apart = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    place.make(lambda draft: save_file(apart, draft, said))
