"""A layer with all that its class wouldn't have by itself, whoever said it."""

from __future__ import annotations

from archdsl.layers.base import Layer
from archdsl.layers.biased import BiasedLayer


def said_of(layer: Layer, normed: bool) -> Layer:
    """A layer that says what a spec has to say where nothing else is said of its kind; `normed` if a norm follows."""
    fields = type(layer).model_fields
    said = {name for name, info in fields.items() if info.is_required() or getattr(layer, name) != info.default}
    changed: dict[str, None] = {}
    if isinstance(layer, BiasedLayer) and layer.bias is not None and layer.bias is not normed:
        said.discard("bias")
        changed["bias"] = None
    copy = layer.model_copy(update=changed)
    copy.model_fields_set.clear()
    copy.model_fields_set.update(said)
    return copy
