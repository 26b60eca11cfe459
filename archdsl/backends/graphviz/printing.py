"""A drawing as DOT, Graphviz's language.

No text of a spec gets in unescaped: every label is an HTML label whose texts went through `_html`, node
names are numbers, and tooltips go through `_quoted`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from itertools import count, product
from string import ascii_uppercase

from archdsl.backends.graphviz.drawing import Box, Drawing, Edge, Frame
from archdsl.backends.graphviz.wording import parameters_text, wrapped
from archdsl.layers.base import Role

_FONT = "Arial"
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
        title = _bold(drawing.title, 16)
        if drawing.subtitle:
            title += f"<br/>{_small(drawing.subtitle, 10)}"
        font = f'fontname="{_FONT}"'
        yield "digraph {"
        yield f"  graph [rankdir={self.direction}, {font}, label=<{title}>, labelloc=t, {_SPACING}]"
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
            label = "&#160; ".join(words + ([_times(child.times)] if child.times else []))
            yield f"{indent}subgraph cluster_{self.clusters[child]} {{"
            paint = f'style="{style}"; fillcolor="{fill}"; color="{line}"; margin=9'
            yield f"{indent}  label=<{label}>; labeljust=l; {paint}"
            yield from self.inside(child, indent + "  ")
            yield indent + "}"

    def box(self, box: Box) -> str:
        fill, line = (_INK, _INK) if box.shape == "fork" else _END if box.shape == "end" else _BLOCK
        if box.role is not None:
            fill, line = FILLS[box.role]
        looks = [f'fillcolor="{fill}", color="{line}"']
        label = _box_text(box)
        if box.shape == "fork":
            label = ""
            looks.append("shape=point, width=0.06, height=0.06")
        elif box.round:
            looks.append("shape=circle, fixedsize=true, width=0.26, height=0.26, margin=0")
        elif box.shape == "merge":
            label = f"{_bold(box.title)} {_small(' · '.join(box.also))}" if box.also else label
            looks.append('margin="0.1,0.02", height=0.26')
        elif box.shape == "block":
            looks.append("penwidth=1.6")
        if box.spine:
            looks.append("group=way")
        if any(box.names):
            looks.append(f'tooltip="{_quoted(", ".join(filter(None, box.names)))}"')
        text = f"<{label}>" if label else '""'
        return f"n{box.number} [label={text}, {', '.join(looks)}]"

    def edge(self, edge: Edge) -> Iterator[str]:
        looks = [_ARROWS[edge.kind]]
        # An arrow to the right would run through its label, which an empty line lifts above it.
        lift = "<br/>&#160;" if self.direction == "LR" else ""
        label = [f"label=<&#160;{_html(edge.label)}&#160;{lift}>"] if edge.label else []
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
            yield f"{end}{letter} [label=<{_bold(letter)}>, {_LETTER}]"
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
    return f'<tr>{patch}<td align="left">{role.value}</td></tr>'


def _letters() -> Iterator[str]:
    """A, B, … Z, AA, AB, …"""
    for length in count(1):
        yield from map("".join, product(ascii_uppercase, repeat=length))


def _box_text(box: Box) -> str:
    title = _bold(box.title) + (f" {_times(box.times)}" if box.times else "")
    lines = [f'<font point-size="9" color="{_INK}">{_html(line)}</font>' for line in wrapped(box.also)]
    lines += [_small(note) for note in box.notes]
    if box.weights != (0, 0):
        lines.append(_small(parameters_text(*box.weights)))
    return f"{title}<br/>{_SPACE}<br/>{'<br/>'.join(lines)}" if lines else title


def _bold(words: str, size: int | None = None) -> str:
    inner = f"<b>{_html(words)}</b>"
    return f'<font point-size="{size}">{inner}</font>' if size else inner


def _small(words: str, size: int = 9) -> str:
    return f'<font point-size="{size}" color="{_GREY}">{_html(words)}</font>'


def _times(words: str) -> str:
    return f'<font color="{_ACCENT}"><b>{_html(words)}</b></font>'


def _html(words: str) -> str:
    """Text for an HTML label: nothing in it is markup, an entity or one of Graphviz's `\\N` escapes."""
    clean = " ".join(_UNWRITABLE.sub("\ufffd", words).split())
    return html.escape(clean).replace("\\", "&#92;&#92;")


def _quoted(words: str) -> str:
    """Text between quotes. Graphviz resolves backslashes in it twice, and entities."""
    clean = " ".join(_UNWRITABLE.sub("\ufffd", words).split())
    return clean.replace("\\", "\\" * 4).replace('"', '\\"').replace("&", "&amp;")
