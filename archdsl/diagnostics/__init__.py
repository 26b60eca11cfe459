"""Mistakes of a user: their place in the text, what they are and how they are shown.

A rendering is a file that does nothing but read a `Diagnostic`: `text` for people, `json_lines` for
machines. Another format, such as GitHub annotations or SARIF, is one more file beside them.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics.diagnostic import (
    ArchError,
    Diagnostic,
    Edit,
    Label,
    Remedy,
)
from archdsl.diagnostics.source import Source, Span
from archdsl.diagnostics.spelling import Proposal, proposal, similar, similar_help

if TYPE_CHECKING:
    from archdsl.diagnostics.json_lines import to_json
    from archdsl.diagnostics.text import render, render_all

# Only a mistake needs to be rendered, and every run would wait for what that takes.
_RENDERINGS = {"to_json": "json_lines", "render": "text", "render_all": "text"}


def __getattr__(name: str) -> Any:
    if name not in _RENDERINGS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_RENDERINGS[name]}"), name)


__all__ = [
    "ArchError",
    "Diagnostic",
    "Edit",
    "Label",
    "Proposal",
    "Remedy",
    "Source",
    "Span",
    "proposal",
    "render",
    "render_all",
    "similar",
    "similar_help",
    "to_json",
]
