"""The space between two tokens that stand on one line: one, or none."""

from __future__ import annotations

from archdsl.formatting.piece import Piece

_NONE_BEFORE = {
    *("COMMA", "COLON", "_COLON", "POWER"),
    *("RPAR", "RSQB", "RBRACE", "MORETHAN"),
    *("_CALL", "_GLUED", "_DASH", "_SLASH", "SIZE"),
}
_NONE_AFTER = {
    *("LPAR", "_CALL", "LSQB", "LBRACE", "_GLUED", "TIMES_HOLE", "MERGE"),
    *("_DASH", "_SLASH", "COLON", "POWER", "SIGN"),
}


def space(left: Piece, right: Piece) -> str:
    """What stands between two neighbours."""
    if right.kind in _NONE_BEFORE or left.kind in _NONE_AFTER:
        return ""
    if right.opens is not None and right.opens.kind in ("index", "arguments", "parameters"):
        return ""
    # `name = value` where something is declared, `name=value` where it is handed over.
    if "EQUAL" in (left.kind, right.kind) and left.parent.kind == "arguments":
        return ""
    return " "
