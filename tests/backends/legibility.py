"""What a reader of a picture would stumble over: texts that are cut or cover something, and boxes that overlap."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

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
    root = ElementTree.fromstring(svg)
    # The graph's transform moves everything alike; the white ground is its first polygon.
    ground = next(root.iter(f"{SVG}polygon"))
    page = _bounds(ground.attrib["points"], "the page")
    boxes: list[Area] = []
    texts: list[Area] = []
    said: list[str] = []
    for group in root.iter(f"{SVG}g"):
        kind = group.attrib.get("class")
        own = list(_texts(group)) if kind in ("node", "edge", "cluster") else []
        # A text may be several pieces side by side, of one line.
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


def _texts(group: ElementTree.Element) -> Iterator[Area]:
    for text in group.iter(f"{SVG}text"):
        words = "".join(text.itertext())
        if not words.strip():
            continue
        size = float(text.attrib["font-size"])
        bold = 1.06 if text.attrib.get("font-weight") == "bold" else 1.0
        # Spaces that stand around a label only keep it off its arrow.
        lead = (len(words) - len(words.lstrip())) * _width(" ") * size
        width = sum(map(_width, words.strip())) * size * bold
        left, base = float(text.attrib["x"]) + lead, float(text.attrib["y"])
        if text.attrib.get("text-anchor") == "middle":
            left -= width / 2
        yield Area(left, base - 0.72 * size, left + width, base + 0.1 * size, words.strip())


def _width(letter: str) -> float:
    """The width of a letter in Arial, about, as a share of its size."""
    if letter in "ijl.,:;|'! ·()[]tfr/-I":
        return 0.29
    if letter in "mwMW…":
        return 0.85
    return 0.68 if letter.isupper() else 0.55
