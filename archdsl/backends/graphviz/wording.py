"""The words in a picture: how a layer, a call, a group's contents, a shape and a total are written."""

from __future__ import annotations

from archdsl.analysis.notation import node_text
from archdsl.formula import formula
from archdsl.ir.nodes import Call, Chain, LayerNode, Member, Name, Node, Repeat, at, text
from archdsl.layers.biased import BiasedLayer
from archdsl.shape import Dim, Shape

LONGEST = 48
"""The most characters in one line of a box."""
WRAPPED = 36
"""The most characters in a line of several pieces, where these are no longer by themselves."""
MOST_PIECES = 12
"""How many layers of a closed group are named."""


def layer_text(node: LayerNode) -> str:
    """A layer as its author wrote it: without the `bias=false` that the compiler adds ahead of a batch norm."""
    layer = node.layer
    if isinstance(layer, BiasedLayer) and layer.bias is False and "bias" not in node.span.text:
        layer = layer.model_copy(update={"bias": None})
    return shorten(layer.written)


def call_text(node: Call) -> str:
    """A call of a block: `bottleneck(64, s=2)`."""
    return shorten(node_text(node))


def contents(chain: Chain) -> list[str]:
    """What a closed group holds, piece by piece: `bottleneck(128, s=2)`, `bottleneck(128) ×7`."""
    pieces: list[str] = []
    for member in chain.members:
        if len(pieces) >= MOST_PIECES:
            return [*pieces, "…"]
        pieces += _pieces(member.node)
    return pieces


def wrapped(pieces: list[str]) -> list[str]:
    """Pieces in as many lines as they need."""
    lines: list[str] = []
    for piece in pieces:
        if lines and len(lines[-1]) + 3 + len(piece) <= WRAPPED:
            lines[-1] += f" · {piece}"
        else:
            lines.append(piece)
    return lines


def _pieces(node: Node) -> list[str]:
    if isinstance(node, LayerNode):
        return [layer_text(node)]
    if isinstance(node, Repeat):
        inner = node.runs[0].node
        words = shorten(" · ".join(contents(inner)))
        return [f"{words} ×{node.count}" if len(inner.members) == 1 else f"[{words}] ×{node.count}"]
    return contents(node) if isinstance(node, Chain) else [shorten(node_text(node))]


def name_text(name: Name, values: dict[str, Dim]) -> str:
    """A name with the turns of repeats put in."""
    return text(at(name, **values))


def label_text(members: tuple[Member, Member], values: tuple[dict[str, Dim], dict[str, Dim]]) -> str:
    """The label of a member, and in a repeat that of its last turn too."""
    words = [name_text(each.label, turn) for each, turn in zip(members, values, strict=True) if each.label is not None]
    return shorten(span_text(words[0], words[-1])) if words else ""


def shape_text(first: Shape, last: Shape) -> str:
    """A shape, and that of a repeat's last turn where it is another: `64×56×56 … 224×56×56`."""
    return span_text(*("×".join(_size(dim) for dim in shape.dims) for shape in (first, last)))


def _size(dim: Dim) -> str:
    """A size; a formula stands in brackets, as it does in `Shape`'s text."""
    return str(Shape.vector(dim))


def span_text(first: str, last: str) -> str:
    """What holds in the first turn of a repeat, and in its last where that differs."""
    return first if first == last else f"{first} … {last}"


def parameters_text(first: Dim, last: Dim) -> str:
    """A number of parameters, exact: `9,408 parameters`."""
    words = span_text(*(f"{each:,}" if isinstance(each, int) else str(each) for each in (first, last)))
    return f"{words} parameter{'' if words == '1' else 's'}"


def macs_text(number: Dim) -> str:
    """Multiply-accumulates to three digits: `118 M MACs`."""
    if isinstance(number, int):
        for size, letter in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**3, "k")):
            if number >= size:
                scaled = number / size
                return f"{scaled:.{max(0, 2 - (scaled >= 10) - (scaled >= 100))}f} {letter} MACs"
    return f"{number if isinstance(number, int) else shorten(formula(number))} MACs"


def shorten(words: str) -> str:
    """A text cut where it would make a box too wide."""
    return words if len(words) <= LONGEST else words[: LONGEST - 1] + "…"
