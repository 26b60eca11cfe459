"""Specs with other white space and more comments, which mean what they meant."""

from __future__ import annotations

from hypothesis import strategies as st

from archdsl.syntax.automaton import Piece
from archdsl.syntax.tokens import tokens

_GLUED = {"_DASH", "_SLASH", "SIZE", "_GLUED", "_CALL"}
_GLUES = {"_DASH", "_SLASH"}
_SAME_LINE = {"_ARCH", "_BLOCK", "_LET", "_FOR", "_DEFAULT", "_AFTER", "_INPUT", "_EXPECT", "_IF", "LABEL"}
_COMMENTS = ("#", "# note", "# 深い 層", "#| a | b |", '# "open', "# ]>)}", "#\ttab", "# e\u0301  ")


@st.composite
def mangled(draw: st.DrawFn, text: str) -> str:
    """A spec whose tokens are those of a text, apart from the spelling of `×`, with other things between them."""
    parts: list[str] = []
    before: Piece | None = None
    in_rows = at_table = False
    for token in tokens(text):
        kind, start, end = token
        written = text[start:end]
        if before is not None:
            parts.append(_gap(draw, text, before, token, in_rows, at_table))
        at_table = at_table or kind in ("_TABLE", "_VARIANTS")
        if kind == "_BAR" and at_table and not in_rows and _begins_line(text, start):
            in_rows = True
        if in_rows and kind == "_ENDBAR":
            in_rows = False
            at_table = text[end:].lstrip().startswith(("|", "#"))
        parts.append(written.replace("x", draw(st.sampled_from("x×")), 1) if kind.startswith("TIMES") else written)
        before = token
    ending = draw(st.sampled_from(["", "\n", "\n\n\n", "  ", " # end", "\n# end\n"]))
    return draw(st.sampled_from(["", "\n", "# begin\n", "  "])) + "".join(parts) + ending


def _begins_line(text: str, place: int) -> bool:
    return not text[text.rfind("\n", 0, place) + 1 : place].strip()


def _gap(draw: st.DrawFn, text: str, before: Piece, token: Piece, in_rows: bool, at_table: bool) -> str:
    left, right = before.kind, token.kind
    if right in _GLUED or left in _GLUES:
        return ""
    needs_space = text[before.end - 1].isalnum() or text[before.end - 1] in "_}" or left in _SAME_LINE
    spaces = draw(st.sampled_from([" ", "  ", "\t", "      "] + ([] if needs_space and left != "LABEL" else [""])))
    if in_rows or left in _SAME_LINE or (right == "_BAR" and not at_table):
        return spaces
    if left == "_ENDBAR" or (at_table and left in ("_VARIANTS", "_TABLE", "NAME")):
        return spaces + draw(st.sampled_from(["\n", " # row\n", "\n  # own line\n  "]))
    if draw(st.integers(0, 9)) < 7:
        return spaces
    comment = draw(st.sampled_from(["", "", *_COMMENTS]))
    return spaces + comment + "\n" + draw(st.sampled_from(["", "\n\n", "  ", "\t", "  # more\n"])) + spaces
