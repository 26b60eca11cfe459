"""Names that a source can't give anything: Python's, PyTorch's, and those that every method has."""

from __future__ import annotations

import builtins
import keyword

from archdsl.ir.names import MODULE_ATTRIBUTES

# `OrderedDict`, `Tensor`, `nn` and `torch` are imported, `self` and `x` are in every method.
TAKEN = frozenset(
    {"OrderedDict", "divisible", "Tensor", "nn", "torch", "self", "super", *dir(builtins), *keyword.kwlist}
)
ATTRIBUTES = frozenset({*MODULE_ATTRIBUTES, *keyword.kwlist})
