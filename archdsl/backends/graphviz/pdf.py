"""An SVG of Graphviz as a PDF, by svglib and ReportLab, which are written in Python."""

from __future__ import annotations

from io import BytesIO
from xml.etree import ElementTree

_TEXT = "{http://www.w3.org/2000/svg}text"
_SPELT = str.maketrans({"⌊": "floor(", "⌋": ")", "−": "-"})
"""What the letters of Helvetica lack."""


def pdf_of(svg: bytes) -> bytes:
    """The picture in one page of its size, the same bytes for the same picture; texts stay texts.

    The font is Helvetica, which every reader of PDFs has and whose widths Graphviz laid the picture out with. Raises
    ImportError without svglib.
    """
    from reportlab.graphics import renderPDF
    from svglib.svglib import svg2rlg

    root = ElementTree.fromstring(svg)
    for text in root.iter(_TEXT):
        # Of any other font the file would have to hold the letters, and they would be those of this machine.
        text.set("font-family", "Helvetica")
        text.text = (text.text or "").translate(_SPELT).encode("cp1252", "replace").decode("cp1252")
    drawing = svg2rlg(BytesIO(ElementTree.tostring(root)))
    assert drawing is not None
    made = BytesIO()
    renderPDF.drawToFile(drawing, made, invariant=1)
    return made.getvalue()
