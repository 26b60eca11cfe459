"""A drawing as DOT, Graphviz's language.

No text of a spec gets in unescaped: every label is an HTML label whose texts went through `_html`, node
names are numbers, and tooltips go through `_quoted`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import count, product
from math import ceil
from string import ascii_uppercase

from archdsl.backends.graphviz.drawing import Box, Drawing, Edge, Frame
from archdsl.backends.graphviz.fonts import FONT, Words, width
from archdsl.backends.graphviz.wording import parameters_text, wrapped
from archdsl.layers.base import Role

_INK, _GREY, _ACCENT = "#3c4654", "#667080", "#b5442f"
_SPACING = "nodesep=0.3, ranksep=0.22, pad=0.2, compound=true"

FILLS = {
    Role.CONVOLUTION: ("#cfe2f7", "#4a7ab0"),
    Role.POOLING: ("#f8d4d0", "#b85c52"),
    Role.NORMALIZATION: ("#e5d9f2", "#8161a8"),
    Role.ACTIVATION: ("#fdf0c4", "#b8962e"),
    Role.LINEAR: ("#cdebd3", "#4c9160"),
    Role.DROPOUT: ("#e4e4e4", "#808080"),
    Role.RESHAPE: ("#d3eef0", "#4a9299"),
    Role.MERGE: ("#fbdcbd", "#bf7a35"),
}
_LETTER = (
    "shape=circle, fixedsize=true, width=0.24, height=0.24, margin=0, "
    f'fontsize=10, fontcolor="#ffffff", fillcolor="{_INK}", color="{_INK}"'
)
"""A letter where a column ends and again where the next one begins."""
_BLOCK = ("#ffffff", _INK)
_END = ("#f3f4f6", "#8a929e")
_FRAMES = {"group": ("#f7f8fa", "#b3bac4"), "block": ("#eef1f5", "#97a1ae"), "repeat": ("#fbf6ec", "#c2a970")}
_ARROWS = {
    "main": "weight=100",
    "skip": f'color="{_INK}"',
    "project": f'style=dotted, penwidth=1.6, color="{_INK}"',
    "long": 'color="#2f7d8c", penwidth=1.3',
}
_SPACE = '<font point-size="3">&#160;</font>'
# XML has no way to write these characters.
_UNWRITABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def print_dot(drawing: Drawing, direction: str) -> str:
    """The drawing as DOT; the same text for the same drawing."""
    return "\n".join(_Printer(drawing, direction).lines()) + "\n"


class _Printer:
    def __init__(self, drawing: Drawing, direction: str) -> None:
        self.drawing = drawing
        self.direction = direction
        self.clusters = {frame: number for number, frame in enumerate(drawing.frames, 1)}
        broken = (edge for edge in drawing.edges if edge.breaks)
        self.letters = dict(zip(broken, _letters(), strict=False))

    def lines(self) -> Iterator[str]:
        drawing = self.drawing
        title = _lines([_bold(drawing.title, 16), *([_small(drawing.subtitle, 10)] if drawing.subtitle else [])])
        font = f'fontname="{FONT}"'
        yield "digraph {"
        yield f"  graph [rankdir={self.direction}, {font}, label=<{_roomy(title, 'center')}>, labelloc=t, {_SPACING}]"
        yield f'  node [{font}, fontsize=12, shape=box, style="rounded,filled", margin="0.12,0.06", height=0.3]'
        yield f'  edge [{font}, fontsize=9, fontcolor="{_GREY}", color="{_INK}", arrowsize=0.6]'
        yield from self.inside(drawing.root, "  ")
        for edge in drawing.edges:
            yield from ("  " + line for line in self.edge(edge))
        yield from self.legend()
        yield "  " + self.order()
        yield "}"

    def inside(self, frame: Frame, indent: str) -> Iterator[str]:
        for child in frame.children:
            if isinstance(child, Box):
                yield indent + self.box(child)
                continue
            fill, line = _FRAMES[child.kind]
            style = "rounded,filled,dashed" if child.kind == "repeat" else "rounded,filled"
            words = [_bold(child.title, 11)] if child.title else []
            label = _spaced([*words, *([_times(child.times, 14)] if child.times else [])], "&#160; ")
            yield f"{indent}subgraph cluster_{self.clusters[child]} {{"
            paint = f'style="{style}"; fillcolor="{fill}"; color="{line}"; margin=9'
            yield f"{indent}  label=<{_roomy(label)}>; labeljust=l; {paint}"
            yield from self.inside(child, indent + "  ")
            yield indent + "}"

    def box(self, box: Box) -> str:
        fill, line = (_INK, _INK) if box.shape == "fork" else _END if box.shape == "end" else _BLOCK
        if box.role is not None:
            fill, line = FILLS[box.role]
        looks = [f'fillcolor="{fill}", color="{line}"']
        label = _box_text(box)
        if box.shape == "fork":
            label = Words("", 0)
            looks.append("shape=point, width=0.06, height=0.06")
        elif box.round:
            looks.append("shape=circle, fixedsize=true, width=0.26, height=0.26, margin=0")
        elif box.shape == "merge":
            label = _spaced([_bold(box.title), _small(" · ".join(box.also))]) if box.also else label
            looks.append(f'margin="0.1,0.02", height=0.26, {_least(label, 0.1)}')
        elif box.shape == "block":
            looks.append("penwidth=1.6")
        if box.shape not in ("fork", "merge"):
            looks.append(_least(label, 0.12))
        if box.spine:
            looks.append("group=way")
        if any(box.names):
            looks.append(f'tooltip="{_quoted(", ".join(filter(None, box.names)))}"')
        text = f"<{label.markup}>" if label.markup else '""'
        return f"n{box.number} [label={text}, {', '.join(looks)}]"

    def edge(self, edge: Edge) -> Iterator[str]:
        looks = [_ARROWS[edge.kind]]
        # An arrow to the right would run through its label, which an empty line lifts above it.
        lift = "<br/>&#160;" if self.direction == "LR" else ""
        words = f"&#160;{_html(edge.label)}&#160;"
        wide = width(f" {edge.label} ", 9)
        label = [f"label=<{_roomy(Words(words + lift, wide))}>"] if edge.label else []
        if edge.head.shape == "fork":
            looks.append("arrowhead=none")
        entered = [frame for frame in edge.head.frame.around if frame not in edge.tail.frame.around]
        if entered and edge.kind == "main":
            # An arrow stops where it enters a frame, so that it doesn't cross the frame's title.
            looks = [_ARROWS["main"], f"lhead=cluster_{self.clusters[entered[0]]}"]
        tail, head = f"n{edge.tail.number}", f"n{edge.head.number}"
        if not edge.breaks:
            yield f"{tail} -> {head} [{', '.join(looks + label)}]"
            return
        letter = self.letters[edge]
        for end in ("out", "in"):
            yield f"{end}{letter} [label=<{_bold(letter).markup}>, {_LETTER}]"
        yield f"{tail} -> out{letter} [{', '.join([_ARROWS[edge.kind], *label])}]"
        yield f"in{letter} -> {head} [{', '.join(looks)}]"

    def order(self) -> str:
        """The columns in their order and the legend last: an invisible row of what each begins with."""
        begins = [
            "n0",
            *(f"in{self.letters[edge]}" for edge in self.letters if edge.kind == "main"),
            *(["legend"] if self.drawing.roles else []),
        ]
        return f"{{ rank=same; {' -> '.join(begins)} [style=invis] }}"

    def legend(self) -> Iterator[str]:
        rows = "".join(_legend_row(role) for role in self.drawing.roles)
        if rows:
            table = f'<table border="0" cellborder="0" cellspacing="3" cellpadding="1">{rows}</table>'
            yield f'  legend [label=<{table}>, shape=plaintext, style="", margin=0, fontsize=9, fontcolor="{_GREY}"]'


def _legend_row(role: Role) -> str:
    fill, line = FILLS[role]
    patch = f'<td width="14" height="12" border="1" bgcolor="{fill}" color="{line}"></td>'
    return f'<tr>{patch}<td align="left" width="{ceil(width(role.value, 9))}">{role.value}</td></tr>'


def _letters() -> Iterator[str]:
    """A, B, … Z, AA, AB, …"""
    for length in count(1):
        yield from map("".join, product(ascii_uppercase, repeat=length))


def _box_text(box: Box) -> Words:
    title = _spaced([_bold(box.title), *([_times(box.times, 12)] if box.times else [])])
    lines = [_small(line, colour=_INK) for line in wrapped(box.also)]
    lines += [_small(note) for note in box.notes]
    if box.weights != (0, 0):
        lines.append(_small(parameters_text(*box.weights)))
    return _lines([title, Words(_SPACE, 0), *lines] if lines else [title])


def _bold(words: str, size: int = 12) -> Words:
    """Words in bold; 12 is the size of what isn't said otherwise."""
    inner = f"<b>{_html(words)}</b>"
    markup = inner if size == 12 else f'<font point-size="{size}">{inner}</font>'
    return Words(markup, width(_clean(words), size, bold=True))


def _small(words: str, size: int = 9, colour: str = _GREY) -> Words:
    return Words(f'<font point-size="{size}" color="{colour}">{_html(words)}</font>', width(_clean(words), size))


def _times(words: str, size: int) -> Words:
    return Words(f'<font color="{_ACCENT}"><b>{_html(words)}</b></font>', width(_clean(words), size, bold=True))


def _spaced(pieces: list[Words], space: str = " ") -> Words:
    """Words beside each other."""
    return Words(
        space.join(each.markup for each in pieces),
        sum(each.width for each in pieces) + (len(pieces) - 1) * width(" " * len(space.replace("&#160;", " ")), 14),
    )


def _lines(lines: list[Words]) -> Words:
    """Words below each other."""
    return Words("<br/>".join(each.markup for each in lines), max(each.width for each in lines))


def _roomy(words: Words, align: str = "left") -> str:
    """A label that is no box's, as wide as it may be."""
    cell = f'<td align="{align}" width="{ceil(words.width)}">{words.markup}</td>'
    return f'<table border="0" cellborder="0" cellspacing="0" cellpadding="0"><tr>{cell}</tr></table>'


def _least(words: Words, margin: float) -> str:
    """The least width of a box, in inches as its margin is."""
    return f"width={words.width / 72 + 2 * margin:.2f}"


def _clean(words: str) -> str:
    """Text of which nothing is left that XML can't write, on one line."""
    return " ".join(_UNWRITABLE.sub("\ufffd", words).split())


def _html(words: str) -> str:
    """Text for an HTML label: nothing in it is markup, an entity or one of Graphviz's `\\N` escapes."""
    return html.escape(_clean(words)).replace("\\", "&#92;&#92;")


def _quoted(words: str) -> str:
    """Text between quotes. Graphviz resolves backslashes in it twice, and entities."""
    return _clean(words).replace("\\", "\\" * 4).replace('"', '\\"').replace("&", "&amp;")
