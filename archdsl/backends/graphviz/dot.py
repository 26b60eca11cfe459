"""A drawing as DOT, Graphviz's language.

No text of a spec gets in unescaped: every label is an HTML label whose texts went through `_html`, node
names are numbers, and tooltips go through `_quoted`.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from string import ascii_uppercase

from archdsl.backends.graphviz.drawing import Box, Drawing, Edge, Frame
from archdsl.backends.graphviz.wording import parameters_text
from archdsl.layers.base import Role

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
_LETTER = 'shape=circle, fixedsize=true, width=0.24, height=0.24, margin=0, fontsize=10, fontcolor="#ffffff", fillcolor="#3c4654", color="#3c4654"'
"""A letter where a column ends and again where the next one begins."""
_BLOCK = ("#ffffff", "#3c4654")
_END = ("#f3f4f6", "#8a929e")
_FRAMES = {"group": ("#f7f8fa", "#b3bac4"), "block": ("#eef1f5", "#97a1ae"), "repeat": ("#fbf6ec", "#c2a970")}
_FONT = "Arial"
_GREY, _ACCENT = "#667080", "#b5442f"
_ARROWS = {
    "main": "weight=100",
    "skip": 'color="#3c4654"',
    "project": 'style=dotted, penwidth=1.6, color="#3c4654"',
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

        self.letters = {edge: letter for edge, letter in zip((each for each in drawing.edges if each.breaks), ascii_uppercase, strict=False)}

    def lines(self) -> Iterator[str]:
        drawing = self.drawing
        title = f"{_bold(drawing.title, 16)}<br/>{_small(drawing.subtitle, 10)}" if drawing.subtitle else _bold(drawing.title, 16)
        yield "digraph {"
        yield f'  graph [rankdir={self.direction}, fontname="{_FONT}", label=<{title}>, labelloc=t, nodesep=0.3, ranksep=0.22, pad=0.2, compound=true]'
        yield f'  node [fontname="{_FONT}", fontsize=12, shape=box, style="rounded,filled", margin="0.12,0.06", height=0.3]'
        yield f'  edge [fontname="{_FONT}", fontsize=9, fontcolor="{_GREY}", color="#3c4654", arrowsize=0.6]'
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
            words = filter(None, (child.title and _bold(child.title, 11), child.times and _times(child.times)))
            yield f"{indent}subgraph cluster_{self.clusters[child]} {{"
            yield f'{indent}  label=<{"&#160; ".join(words)}>; labeljust=l; style="{style}"; fillcolor="{fill}"; color="{line}"; margin=9'
            yield from self.inside(child, indent + "  ")
            yield indent + "}"

    def box(self, box: Box) -> str:
        tooltip = f', tooltip="{_quoted(", ".join(filter(None, box.names)))}"' if any(box.names) else ""
        if box.shape == "fork":
            return f'n{box.number} [shape=point, width=0.06, height=0.06, style=filled, fillcolor="#3c4654", label=""]'
        fill, line = _END if box.shape == "end" else FILLS[box.role] if box.role else _BLOCK
        paint = f'fillcolor="{fill}", color="{line}"{tooltip}'
        if box.round:
            return f"n{box.number} [label=<{_bold(box.title)}>, shape=circle, fixedsize=true, width=0.26, height=0.26, margin=0, {paint}]"
        if box.shape == "merge":
            words = f"{_bold(box.title)} {_small(' · '.join(box.also))}" if box.also else _bold(box.title)
            return f'n{box.number} [label=<{words}>, margin="0.1,0.02", height=0.26, {paint}]'
        heavy = ", penwidth=1.6" if box.shape == "block" else ""
        return f"n{box.number} [label=<{_box_text(box)}>, {paint}{heavy}]"

    def edge(self, edge: Edge) -> Iterator[str]:
        looks = [_ARROWS[edge.kind]]
        label = [f"label=<&#160;{_html(edge.label)}&#160;>"] if edge.label else []
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
        number = edge.head.number
        for end in ("out", "in"):
            yield f"{end}{number} [label=<{_bold(self.letters[edge])}>, {_LETTER}]"
        yield f"{tail} -> out{number} [{', '.join([_ARROWS['main'], *label])}]"
        yield f"in{number} -> {head} [{', '.join(looks)}]"

    def order(self) -> str:
        """The columns beside each other in their order, and the legend last: an invisible row of what each begins with."""
        begins = ["n0", *(f"in{edge.head.number}" for edge in self.letters), *(["legend"] if self.drawing.roles else [])]
        return f"{{ rank=same; {' -> '.join(begins)} [style=invis] }}"

    def legend(self) -> Iterator[str]:
        roles = self.drawing.roles
        if not roles:
            return
        rows = "".join(f'<tr><td width="14" height="12" bgcolor="{FILLS[role][0]}" color="{FILLS[role][1]}" border="1"></td><td align="left">{role.value}</td></tr>' for role in roles)
        table = f'<table border="0" cellborder="0" cellspacing="3" cellpadding="1">{rows}</table>'
        yield f'  legend [shape=plaintext, style="", fontsize=9, fontcolor="{_GREY}", margin=0, label=<{table}>]'


def _box_text(box: Box) -> str:
    title = _bold(box.title) + (f" {_times(box.times)}" if box.times else "")
    lines = [f'<font point-size="9" color="#3c4654">{_html(" · ".join(box.also))}</font>'] if box.also else []
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
    return html.escape(clean).replace("\\", "&#92;")


def _quoted(words: str) -> str:
    """Text between quotes: a backslash would begin an escape of Graphviz, an ampersand an entity."""
    clean = " ".join(_UNWRITABLE.sub("\ufffd", words).split())
    return clean.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")
