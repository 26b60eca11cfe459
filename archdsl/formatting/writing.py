"""From settled pieces to text: indentation, blank lines and comments."""

from __future__ import annotations

from archdsl.formatting.layout import STEP, indentation
from archdsl.formatting.piece import Piece
from archdsl.formatting.pieces import END
from archdsl.formatting.table import width


class _Line:
    def __init__(self, indent: int, text: str, remark: str | None = None) -> None:
        self.indent = indent
        self.text = text
        self.remark = remark


def written(found: list[Piece]) -> str:
    """The text of a spec whose lines are settled."""
    lines: list[_Line] = []
    before: Piece | None = None
    for piece in found:
        if before is None or piece.newline or piece.kind == END:
            _write_comments(lines, piece, before)
            lines.append(_Line(indentation(piece), piece.text))
        else:
            lines[-1].text += piece.space + piece.text
        lines[-1].remark = piece.remark
        before = piece
    _line_up_remarks(lines)
    while lines and not lines[-1].text:
        lines.pop()
    return "".join(f"{' ' * line.indent}{line.text}".rstrip() + "\n" for line in lines)


def _write_comments(lines: list[_Line], piece: Piece, before: Piece | None) -> None:
    """The comments ahead of a piece, and the blank lines that the author left."""
    first = before is None or before.opens is not None
    indent = indentation(piece)
    if piece.is_bar or (piece.closes is not None and piece.closes.opened):
        indent += STEP
    for blank, comment in piece.comments:
        if blank and not first:
            lines.append(_Line(0, ""))
        lines.append(_Line(indent, comment))
        first = False
    ends = piece.closes is not None or piece.is_bar or piece.kind == END
    if piece.blank and not first and not ends:
        lines.append(_Line(0, ""))


def _line_up_remarks(lines: list[_Line]) -> None:
    """Put comments behind their lines, one below the other where lines of one indentation follow each other."""
    run: list[_Line] = []
    for line in [*lines, _Line(-1, "")]:
        if line.remark is not None and (not run or run[0].indent == line.indent):
            run.append(line)
            continue
        longest = max((width(each.text) for each in run), default=0)
        for each in run:
            each.text += " " * (longest - width(each.text)) + f"  {each.remark}"
        run = [line] if line.remark is not None else []
