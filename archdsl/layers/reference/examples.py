"""Reads the examples of the layers, `INPUT: HEAD`, without the parser of the language.

The examples are written by the authors of layers, so this knows the head notation and literals only.
Heads before the last prepare the input, as in `96x8x8: permute(0, 2, 3, 1) ln`.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from archdsl.layers.base import Layer, keywords
from archdsl.shape import Shape

_PART = r"\d+(?:x\d+)*|\{[^}]*\}"
_REST = re.compile(rf"(?P<digits>{_PART})?(?:-(?P<dash>{_PART}))?(?:/(?P<slash>{_PART}))?(?:\((?P<call>.*)\))?")


def read_example(text: str) -> tuple[Shape, Layer]:
    """The shape that arrives and the layer it meets, such as 3x32x32 and a convolution."""
    sizes, _, heads = text.partition(":")
    shape = Shape.of(int(size) for size in sizes.split("x"))
    *before, last = (read_head(head) for head in _split(heads))
    for layer in before:
        layer.check(shape)
        shape = layer.output(shape)
    return shape, last


def read_head(text: str) -> Layer:
    """A layer from its head, such as `maxpool3/2(padding=1)`."""
    known = keywords()
    # The longest first, so that `relu6` is not `relu` with digits.
    for keyword in sorted(known, key=len, reverse=True):
        match = _REST.fullmatch(text, len(keyword)) if text.startswith(keyword) else None
        if match is not None:
            return known[keyword](**_fields(known[keyword], match.groupdict()))
    raise ValueError(f"not the head of a layer: {text}")


def _fields(kind: type[Layer], parts: dict[str, str | None]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for place, field in (("digits", kind.digits), ("dash", kind.dash), ("slash", kind.slash)):
        part = parts[place]
        if part is None:
            continue
        if field is None:
            raise ValueError(f"`{kind.keyword}` takes nothing there: {part}")
        fields[field] = _size(part)
    call = ast.parse(f"call({parts['call'] or ''})", mode="eval").body
    assert isinstance(call, ast.Call)
    values = [_literal(node) for node in call.args]
    for name in kind.positional:
        if name.startswith("*"):
            fields[name[1:]], values = tuple(values), []
        elif values:
            fields[name] = values.pop(0)
    if values:
        raise ValueError(f"`{kind.keyword}` takes no more arguments without a name: {values}")
    return fields | {str(keyword.arg): _literal(keyword.value) for keyword in call.keywords}


def _size(part: str) -> Any:
    if part.startswith("{"):
        return ast.literal_eval(part[1:-1])
    sizes = tuple(int(size) for size in part.split("x"))
    return sizes if len(sizes) > 1 else sizes[0]


def _literal(node: ast.expr) -> Any:
    if isinstance(node, ast.Name) and node.id in ("true", "false"):
        return node.id == "true"
    return ast.literal_eval(node)


def _split(heads: str) -> Iterator[str]:
    """The heads, which spaces separate outside brackets."""
    depth, current = 0, ""
    for character in heads + " ":
        depth += (character in "({[") - (character in ")}]")
        if character != " " or depth:
            current += character
        elif current:
            yield current
            current = ""
