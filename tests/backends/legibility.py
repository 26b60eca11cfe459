"""What a reader of a picture would stumble over: texts that are cut or cover something, and boxes that overlap.

Texts are measured in the narrowest and in the widest of the fonts that a picture names, by the fonts' own files.
"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from pathlib import Path

import matplotlib
from PIL import ImageFont
from reportlab.pdfbase import pdfmetrics

FONTS = ("Helvetica", "DejaVu Sans")

SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


@dataclass(frozen=True)
class Area:
    """A rectangle in points, and what is in it."""

    left: float
    top: float
    right: float
    bottom: float
    what: str

    def overlaps(self, other: Area, slack: float = 1.0) -> bool:
        return (
            min(self.right, other.right) - max(self.left, other.left) > slack
            and min(self.bottom, other.bottom) - max(self.top, other.top) > slack
        )

    def holds(self, other: Area, slack: float = 1.0) -> bool:
        return (
            other.left >= self.left - slack
            and other.right <= self.right + slack
            and other.top >= self.top - slack
            and other.bottom <= self.bottom + slack
        )


def stumbles(svg: str) -> list[str]:
    """Everything that can't be read well in a picture, in words."""
    return list(dict.fromkeys(said for font in FONTS for said in _stumbles(svg, font)))


def _stumbles(svg: str, font: str) -> list[str]:
    root = ElementTree.fromstring(svg)
    # The graph's transform moves everything alike; the white ground is its first polygon.
    ground = next(root.iter(f"{SVG}polygon"))
    page = _bounds(ground.attrib["points"], "the page")
    boxes: list[Area] = []
    texts: list[Area] = []
    said: list[str] = []
    for group in root.iter(f"{SVG}g"):
        kind = group.attrib.get("class")
        own = list(_texts(group, font)) if kind in ("node", "edge", "cluster") else []
        texts += own
        if kind not in ("node", "cluster"):
            continue
        title = group.findtext(f"{SVG}title") or ""
        area = _shape(group, title)
        if area is None or title == "legend":
            continue
        said += [f"{text.what!r} is wider than its box" for text in own if not area.holds(text)]
        if kind == "node":
            boxes.append(area)
    said += [f"{one.what} and {other.what} overlap" for one, other in combinations(boxes, 2) if one.overlaps(other)]
    said += [f"{one.what!r} covers {other.what!r}" for one, other in combinations(texts, 2) if one.overlaps(other, 1.5)]
    for text in texts:
        said += [f"{text.what!r} covers a box" for box in boxes if box.overlaps(text, 1.5) and not box.holds(text, 2)]
        if not page.holds(text):
            said.append(f"{text.what!r} runs off the page")
    return said


def proportion(svg: str) -> float:
    """How many times as long as wide a picture is, or the reverse."""
    _, _, width, height = map(float, ElementTree.fromstring(svg).attrib["viewBox"].split())
    return max(width / height, height / width)


def _shape(group: ElementTree.Element, title: str) -> Area | None:
    for name in ("path", "polygon"):
        found = group.find(f".//{SVG}{name}")
        if found is not None:
            return _bounds(found.attrib["d" if name == "path" else "points"], title)
    return None


def _bounds(points: str, what: str) -> Area:
    numbers = [float(each) for each in _NUMBER.findall(points)]
    across, down = numbers[::2], numbers[1::2]
    return Area(min(across), min(down), max(across), max(down), what)


def _texts(group: ElementTree.Element, font: str) -> Iterator[Area]:
    for text in group.iter(f"{SVG}text"):
        words = "".join(text.itertext())
        if not words.strip():
            continue
        pieces = list(text) or [text]
        size = max(float(piece.attrib["font-size"]) for piece in pieces)
        width = sum(
            _width(piece.text or "", font, piece.get("font-weight") == "bold") * float(piece.attrib["font-size"])
            for piece in pieces
        )
        left, base = float(text.attrib["x"]), float(text.attrib["y"])
        if text.attrib.get("text-anchor") == "middle":
            left -= width / 2
        # Spaces that stand around a label only keep it off its arrow.
        space = _width(" ", font, False) * size
        left += (len(words) - len(words.lstrip())) * space
        width -= (len(words) - len(words.strip())) * space
        yield Area(left, base - 0.72 * size, left + width, base + 0.1 * size, words.strip())


def _width(words: str, font: str, bold: bool) -> float:
    """How wide words are, as a share of their size."""
    words = words.replace("\u00a0", " ")
    if font == "Helvetica":
        width: float = pdfmetrics.stringWidth(words, "Helvetica-Bold" if bold else "Helvetica", 1)
        return width
    return _dejavu(bold).getlength(words) / 1000


@cache
def _dejavu(bold: bool) -> ImageFont.FreeTypeFont:
    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(Path(matplotlib.get_data_path(), "fonts", "ttf", name), 1000)
