"""The tokens of a text, as the parser reads them: what they are depends on where they stand."""

from __future__ import annotations

from lark import Token

from archdsl.syntax.parser import grammar_tables


def tokens(text: str, start: str = "start") -> list[Token]:
    """All tokens of a text that is known to be in the language, comments and white space left out."""
    return list(grammar_tables().parse_interactive(text, start=start).iter_parse())
