"""Values as Python source. Text of a spec goes out through `repr` alone."""

from __future__ import annotations

from typing import Any

from archdsl.ir.nodes import Name
from archdsl.symbolic import Comparison, Expr, Junction, python


def literal(value: Any) -> str:
    """A number, string, boolean, expression or tuple of them."""
    if isinstance(value, (Expr, Comparison, Junction)):
        return python(value)
    if isinstance(value, tuple):
        inner = ", ".join(literal(each) for each in value)
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if isinstance(value, str):
        return quoted(value)
    return repr(value)


def quoted(text: str) -> str:
    """A string literal, in double quotes where that needs no escape more."""
    plain = repr(text)
    return f'"{plain[1:-1]}"' if plain[0] == "'" and '"' not in plain else plain


def name_literal(name: Name) -> str:
    """A module's name as a string literal: an f-string where it depends on the turn of a repeat."""
    if all(isinstance(piece, str) for piece in name):
        return quoted("".join(map(str, name)))
    pieces = [f"{{{python(piece)}}}" if isinstance(piece, Expr) else _escaped(str(piece)) for piece in name]
    return f'f"{"".join(pieces)}"'


def _escaped(text: str) -> str:
    return quoted(text)[1:-1].replace('"', '\\"').replace("{", "{{").replace("}", "}}")


def prose(text: str) -> str:
    """Text of a spec as part of a docstring: one line that can't end it or hide anything."""
    shown = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(shown.replace("\\", "/").replace('"', "'").split())
