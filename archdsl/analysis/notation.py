"""Nodes and values as a spec writes them: `bottleneck(64, s=2)`, `[conv1-256/2 bn]`, `leakyrelu(0.1)`."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from archdsl.ir.nodes import Aux, Call, Chain, LayerNode, Merge, Node, Reference, Repeat
from archdsl.ir.provenance import Origin
from archdsl.ir.values import BlockValue, LayerValue, PathValue
from archdsl.layers.base import keywords
from archdsl.syntax import tree

WIDTH = 44
"""The most characters that the contents of a group may take before they are left out."""


def node_text(node: Node) -> str:
    """A node as a spec writes it, its numbers put in."""
    match node:
        case LayerNode():
            return node.layer.written
        case Call():
            return _call(node)
        case Merge():
            return node.join.written
        case Reference():
            return f"@{node.label}"
        case Repeat():
            return " ".join(_times(node_text(run.node), run.count) for run in node.runs)
        case Aux():
            return f"aux from @{node.label} {node_text(node.body)}"
        case Chain():
            return group_text(node)
    raise AssertionError(f"a settled network has no {type(node).__name__}")


def group_text(chain: Chain) -> str:
    """The members of a chain in square brackets, or `[…]` where they are many."""
    pieces: list[str] = []
    room = WIDTH
    for member in chain.members:
        node = member.node
        if isinstance(node, Chain):
            return "[…]"
        if isinstance(node, Repeat) and len(node.runs) > WIDTH:
            return "[…]"
        piece = _spliced(node) if isinstance(node, Repeat) else node_text(node)
        room -= len(piece) + 1
        if room < 0:
            return "[…]"
        pieces.append(piece)
    return f"[{' '.join(pieces)}]"


def _spliced(node: Repeat) -> str:
    """The turns of a repeat; equal text in different runs is written once."""
    pieces: list[tuple[str, Any]] = []
    for run in node.runs:
        only = run.node.members[0].node if len(run.node.members) == 1 else run.node
        text = node_text(only)
        if pieces and pieces[-1][0] == text:
            pieces[-1] = (text, pieces[-1][1] + run.count)
        else:
            pieces.append((text, run.count))
    return " ".join(_times(text, count) for text, count in pieces)


def _times(text: str, count: Any) -> str:
    return text if count == 1 else f"{text} ×{count}"


def _call(node: Call) -> str:
    """A call with the arguments that differ from their defaults; those without a default come first, unnamed."""
    block = node.origin.text if isinstance(node.origin, Origin) else None
    assert isinstance(block, tree.Block)
    handed_over = {word.text for word in block.layers}
    defaults = {each.name.text: each.default for each in block.parameters}
    layers: list[str] = []
    arguments: list[str] = []
    for name, value in node.arguments:
        default = defaults.get(name)
        if name in handed_over:
            layers.append(value_text(value))
        elif default is None:
            arguments.append(value_text(value))
        elif not _is_default(default, value):
            arguments.append(f"{name}={value_text(value)}")
    head = node.block + (f"<{' | '.join(layers)}>" if layers else "")
    return head + (f"({', '.join(arguments)})" if arguments else "")


def _is_default(default: tree.Expression, value: Any) -> bool:
    if isinstance(default, tree.Literal):
        return type(default.value) is type(value) and default.value == value
    # A default that is a name or an expression is known by its text only.
    return default.span.text == value_text(value)


def value_text(value: Any) -> str:
    """A value of the language as a spec writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        return f"[{', '.join(value_text(each) for each in value)}]"
    if isinstance(value, LayerValue):
        return _layer_value(value)
    if isinstance(value, BlockValue):
        return value.definition.name.text
    if isinstance(value, PathValue):
        text = " ".join(value.group.span.text.split())
        return text if len(text) <= WIDTH else "…"
    return str(value)


def _layer_value(value: LayerValue) -> str:
    """A layer that is handed over, in the notation of its head where all its numbers are known by name."""
    fields = {name: each for name, each in value.arguments if name is not None}
    if len(fields) == len(value.arguments):
        try:
            return keywords()[value.keyword](**fields).written
        except ValidationError:
            # It gets the rest of its numbers, or is refused, where it stands in the block.
            pass
    given = [f"{name}={value_text(each)}" if name else value_text(each) for name, each in value.arguments]
    return f"{value.keyword}({', '.join(given)})" if given else value.keyword
