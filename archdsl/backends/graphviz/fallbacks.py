"""An SVG of Graphviz for whoever has other fonts: fallbacks are named, and lines stay in the middle of their boxes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from xml.etree import ElementTree

from archdsl.backends.graphviz.fonts import FAMILY

_SVG = "http://www.w3.org/2000/svg"
_LINK = "http://www.w3.org/1999/xlink"
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_OWN = ("font-weight", "font-size", "fill")
"""What differs from piece to piece of a line."""


def with_fallbacks(svg: bytes) -> bytes:
    """The same picture with a family of fonts for each text, and one text a line.

    Graphviz places each piece of a line by itself and from the left, by the widths of one font. In another one pieces
    would run into each other, and a line out of the middle.
    """
    ElementTree.register_namespace("", _SVG)
    ElementTree.register_namespace("xlink", _LINK)
    root = ElementTree.fromstring(svg)
    root.set("font-family", FAMILY)
    for group in root.iter(f"{{{_SVG}}}g"):
        kind = group.get("class")
        if kind is not None:
            legend = group.findtext(f"{{{_SVG}}}title") == "legend"
            middle = _middle(group) if kind in ("graph", "node") and not legend else None
            for parent in [group, *(each for each in group.iter() if kind != "graph" and each is not group)]:
                _join(parent, middle)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def _middle(group: ElementTree.Element) -> float | None:
    """The middle of a box, or of the ground of the picture."""
    for shape in group.iter():
        match shape.tag.removeprefix(f"{{{_SVG}}}"):
            case "ellipse":
                return float(shape.attrib["cx"])
            case "polygon" | "path" as name:
                across = [float(each) for each in _NUMBER.findall(shape.attrib["points" if name == "polygon" else "d"])]
                return (min(across[::2]) + max(across[::2])) / 2
    return None


def _join(parent: ElementTree.Element, middle: float | None) -> None:
    """Make one text of the pieces of each line."""
    for pieces in _lines(parent):
        line = pieces[0]
        if middle is not None:
            line.set("text-anchor", "middle")
            line.set("x", f"{middle:.2f}")
        line.attrib.pop("font-family", None)
        if len(pieces) == 1:
            continue
        for piece in pieces:
            part = ElementTree.Element(
                f"{{{_SVG}}}tspan", {name: piece.attrib[name] for name in _OWN if name in piece.attrib}
            )
            part.text = piece.text
            if piece is not line:
                parent.remove(piece)
            line.append(part)
        line.text = None
        for name in _OWN:
            line.attrib.pop(name, None)


def _lines(parent: ElementTree.Element) -> Iterator[list[ElementTree.Element]]:
    """The texts directly in an element, those of one line together."""
    children = [child for child in parent if child.tag == f"{{{_SVG}}}text"]
    for _, pieces in groupby(children, key=lambda text: text.get("y")):
        yield list(pieces)
