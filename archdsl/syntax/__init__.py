"""Text to tree. Knows no layer and imports no pydantic."""

from archdsl.syntax.parser import parse, parse_expression

__all__ = ["parse", "parse_expression"]
