"""Where lines end: where the author ended them, as far as the structure allows, and where they get too long."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.formatting.piece import Bracket, Piece
from archdsl.formatting.pieces import END, ROW
from archdsl.formatting.table import width
from archdsl.syntax.tree import Statement

WIDTH = 100
STEP = 2


def settle(found: list[Piece]) -> None:
    """Decide in front of which pieces a line begins."""
    _keep_breaks(found)
    for piece in found:
        if piece.closes is not None:
            _settle_bracket(piece.closes)
    _settle_bracket(found[-1].parent)
    _break_long_lines(found)
    for piece in found:
        if piece.kind == "COMMA" and _is_dangling(piece):
            piece.text = ""


def indentation(piece: Piece) -> int:
    """The column in which a line begins that begins with this piece."""
    depth = sum(each.opened for each in _enclosing(piece)) - 1
    if piece.is_bar:
        depth -= 1
    elif _continues(piece):
        depth += 1
    return STEP * depth


def _enclosing(piece: Piece) -> Iterator[Bracket]:
    bracket: Bracket | None = piece.parent
    while bracket is not None:
        yield bracket
        bracket = bracket.parent


def _continues(piece: Piece) -> bool:
    """Whether it stands in the midst of a statement, so that only a comment brings it onto a new line."""
    return (
        piece.parent.holds_statements
        and piece.begins is None
        and piece.closes is None
        and not piece.is_bar
        and piece.kind not in (ROW, END)
    )


def _keep_breaks(found: list[Piece]) -> None:
    """Keep the author's line ends where a line may end, and those that a comment needs."""
    before: Piece | None = None
    for piece in found:
        needed = bool(piece.comments) or (before is not None and before.remark is not None) or piece.kind == ROW
        piece.newline = needed or (piece.newline and before is not None and _may_break(before, piece))
        before = piece


def _may_break(before: Piece, piece: Piece) -> bool:
    inside = before.opens or piece.parent
    if piece.closes is not None:
        inside = piece.closes
    if before.opens is not None or piece.closes is not None:
        return inside.may_open
    if inside.holds_statements:
        return piece.begins is not None or piece.is_bar or before.is_bar
    return inside.may_open and before.kind == "COMMA"


def _settle_bracket(inside: Bracket) -> None:
    """Open a bracket if a line begins in it; what it holds has been settled."""
    if inside.holds_statements:
        _set_apart(inside)
    closer = inside.closer
    begun = any(piece.newline and piece.closes is None for piece in inside.content)
    if begun or (closer is not None and closer.newline):
        _open(inside)


def _set_apart(inside: Bracket) -> None:
    """Begin a line with what follows a statement of several lines and, in a file, with each declaration."""
    several = declared = False
    for piece in inside.content:
        if piece.begins is not None:
            declares = inside.parent is None and not isinstance(piece.begins, Statement)
            if several or declared or declares:
                piece.newline = True
            several, declared = False, declares
        if piece.opens is not None and piece.opens.opened:
            several = True
    if inside.parent is None:
        inside.content[0].newline = False


def _open(inside: Bracket) -> None:
    closer = inside.closer
    if closer is None:
        return
    inside.opened = True
    if inside.content:
        inside.content[0].newline = True
    if inside.kind != "merge":
        closer.newline = True
        return
    # The branches of an opened merge stand one below the other, and its bracket closes behind the last.
    closer.newline = bool(closer.comments) or (bool(inside.content) and inside.content[-1].remark is not None)
    for before, piece in zip([None, *inside.content], inside.content, strict=False):
        if piece.is_bar:
            piece.newline = True
        elif before is not None and before.is_bar:
            piece.newline = bool(piece.comments) or before.remark is not None


def _is_dangling(comma: Piece) -> bool:
    """Whether nothing follows a comma on its line but a bracket that closes; a tuple of one needs its comma."""
    content = comma.parent.content
    if content[-1] is not comma or comma.parent.opened or comma.remark is not None:
        return False
    return comma.parent.kind != "tuple" or comma.parent.commas > 1


def _break_long_lines(found: list[Piece]) -> None:
    start = 0
    while start < len(found):
        end = start + 1
        while end < len(found) and not found[end].newline:
            end += 1
        if not _shorten(found[start:end]):
            start = end


def _length(line: list[Piece]) -> int:
    return indentation(line[0]) + _extra(line) - len(line[0].space)


def _shorten(line: list[Piece]) -> bool:
    """End a line earlier if it is too long; False if it isn't, or if nothing can be done."""
    if _length(line) <= WIDTH:
        return False
    levels = {id(piece.parent): piece.parent for piece in line if piece.parent.opened}
    outer_first = sorted(levels.values(), key=lambda level: len(list(_enclosing(level.content[0]))))
    return any(_shorten_at(line, level) for level in outer_first)


def _shorten_at(line: list[Piece], level: Bracket) -> bool:
    """Break between the elements of a bracket that stand on a line, or else open one of them."""
    own = [place for place, piece in enumerate(line) if place and piece.parent is level]
    gaps = [place for place in own if _is_gap(line[place - 1], line[place])]
    if gaps:
        # A list of tuples is a table, with a row a line; anything else fills its lines.
        rows = not level.holds_statements and any(piece.opens and piece.parent is level for piece in line)
        for place in gaps if rows else _overflowing(line, gaps):
            line[place].newline = True
        return True
    openable = [_openable(piece.opens) for piece in line if piece.opens is not None and piece.parent is level]
    candidates = [bracket for bracket in openable if bracket is not None]
    if not candidates:
        return False
    _open(max(candidates, key=_extent))
    return True


def _overflowing(line: list[Piece], gaps: list[int]) -> list[int]:
    """The gaps at which lines must end so that as much as fits stands on each; at least one."""
    found: list[int] = []
    filled = _length(line[: gaps[0]])
    for place, end in zip(gaps, [*gaps[1:], len(line)], strict=True):
        more = _extra(line[place:end])
        if filled + more > WIDTH:
            found.append(place)
            filled = indentation(line[place]) - len(line[place].space)
        filled += more
    return found


def _extra(part: list[Piece]) -> int:
    return sum(len(piece.space) + width(piece.text) for piece in part)


def _is_gap(before: Piece, piece: Piece) -> bool:
    """Whether a line may end between two elements."""
    between = piece.closes is None and before.opens is None and not piece.is_bar and not before.is_bar
    return between and _may_break(before, piece)


def _openable(bracket: Bracket) -> Bracket | None:
    """The bracket to open where this one is too long: itself, or the only one in it where it only wraps that."""
    if bracket.opened or not bracket.content:
        return None
    if bracket.may_open:
        return bracket
    inner = bracket.content[0].opens
    return _openable(inner) if inner is not None and len(bracket.content) == 2 else None


def _extent(bracket: Bracket) -> int:
    assert bracket.closer is not None
    return bracket.closer.start - bracket.content[0].start
