"""Paddings elsewhere: nothing by default in PyTorch, `same` and `valid` in Keras, a switch in Darknet."""

from __future__ import annotations

from typing import Any

from archdsl.layers.base import Layer
from archdsl.layers.translation.calls import Code
from archdsl.layers.translation.heads import short

Said = tuple[list[str], bool]
"""What is to be known, and whether it is the same layer."""


def settle(kind: type[Layer], fields: dict[str, Any], origin: str) -> Said:
    """Put the padding that is written elsewhere as the layer's class has it, into the fields themselves."""
    if "padding" not in kind.model_fields:
        return [], True
    if kind.model_fields["padding"].default == "half":
        return _convolution(kind, fields, origin)
    if "ceil" in kind.model_fields:
        return _pooling(fields)
    return _transposed(fields)


def _axes(value: Any) -> tuple[Any, ...]:
    return value if isinstance(value, tuple) else (value,)


def _convolution(kind: type[Layer], fields: dict[str, Any], origin: str) -> Said:
    if "pad" in fields:
        # Darknet's switch is half of the kernel.
        fields["padding"] = "half" if fields.pop("pad") else "valid"
    padding = fields.pop("padding", None)
    kernel, dilation = fields.get("kernel"), fields.get("dilation", 1)
    kernels, dilations = _axes(kernel), _axes(dilation)
    is_known = all(isinstance(each, int) and not isinstance(each, bool) for each in (*kernels, *dilations))
    half = tuple(d * (k - 1) // 2 for k, d in zip(kernels, dilations * len(kernels), strict=False)) if is_known else ()
    odd = is_known and all((k - 1) * d % 2 == 0 for k, d in zip(kernels, dilations * len(kernels), strict=False))
    nothing = padding == "valid" or (not isinstance(padding, str) and set(_axes(padding)) == {0})
    if padding in (None, "half") or (half and (_axes(padding) == half or (len(set(half)) == 1 and padding == half[0]))):
        return [], True
    if nothing:
        if half and not any(half):
            return [], True
        fields["padding"] = "valid"
        who = f" in {origin}" if origin in ("PyTorch", "Keras") else ""
        return [
            f"nothing is padded{who} unless it says so; `{short(kind, fields)}` pads by half and keeps the size"
        ], True
    if padding == "same":
        if any(each != 1 for each in _axes(fields.get("stride", 1))):
            return ["`same` with a stride pads unevenly there where the size is even, and by half here"], False
        if not odd:
            fields["padding"] = "same"
        return [], True
    if isinstance(padding, str) and not isinstance(padding, Code):
        return [f"there is no padding `{padding}` here"], False
    fields["padding"] = padding
    return [], True


def _pooling(fields: dict[str, Any]) -> Said:
    padding = fields.pop("padding", 0)
    stride = fields.get("stride")
    kernel = fields.get("kernel")
    whole = stride is None or _axes(stride) == _axes(kernel) or set(_axes(stride)) == set(_axes(kernel))
    if whole:
        fields.pop("stride", None)
    if padding == "same":
        fields["ceil"] = True
        return ([], True) if whole else (["`same` pads unevenly there where the size is even"], False)
    if padding not in (0, "valid", None):
        fields["padding"] = padding
    return [], True


def _transposed(fields: dict[str, Any]) -> Said:
    padding = fields.pop("padding", 0)
    kernels, strides = _axes(fields.get("kernel")), _axes(fields.get("stride", 1))
    if padding == "valid":
        # What a stride beyond the kernel leaves over is kept there and cut off here.
        pairs = [(k, s) for k in kernels for s in strides]
        return [], all(isinstance(k, int) and isinstance(s, int) and k >= s for k, s in pairs)
    if padding == "same":
        over = {k - s for k in kernels for s in strides if isinstance(k, int) and isinstance(s, int)}
        if len(over) == 1 and (whole := over.pop()) >= 0 and whole % 2 == 0:
            fields["padding"] = whole // 2
            return [], True
        return ["`same` cuts off unevenly there"], False
    if padding not in (0, None):
        fields["padding"] = padding
    return [], True
