"""The tokens of a text, as the parser reads them: what they are depends on where they stand."""

from __future__ import annotations

from archdsl.syntax.automaton import Piece, follow


def tokens(text: str, start: str = "start") -> list[Piece]:
    """All tokens of a text that is known to be in the language, comments and white space left out."""
    found: list[Piece] = []
    follow(text, start, found.append, lambda rule: None)
    return found
