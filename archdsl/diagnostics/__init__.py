"""Mistakes of a user: their place in the text, what they are and how they are shown.

A rendering is a file that does nothing but read a `Diagnostic`: `text` for people, `json_lines` for
machines. Another format, such as GitHub annotations or SARIF, is one more file beside them.
"""

from archdsl.diagnostics.diagnostic import (
    ArchError,
    Diagnostic,
    Edit,
    Label,
    similar,
    similar_help,
)
from archdsl.diagnostics.json_lines import to_json
from archdsl.diagnostics.source import Source, Span
from archdsl.diagnostics.text import render, render_all

__all__ = [
    "ArchError",
    "Diagnostic",
    "Edit",
    "Label",
    "Source",
    "Span",
    "render",
    "render_all",
    "similar",
    "similar_help",
    "to_json",
]
