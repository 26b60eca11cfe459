"""Rows of tables: a row is a line between two bars."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Diagnostic, similar
from archdsl.syntax.recovery.broken import Broken, Repair, Replacement, Report, end_of_code, line_end
from archdsl.syntax.recovery.stack import Cell


class OpenRow(Diagnostic):
    """A row of a table without the bar at its beginning or its end."""

    code = "open-row"
    bad = 'arch net(config = "A")\ninput 3x8x8\ntable config\n| A       | B       |\n| conv3-4 | conv3-8\nrelu\n'
    mended = 'arch net(config = "A")\ninput 3x8x8\ntable config\n| A       | B       |\n| conv3-4 | conv3-8 |\nrelu\n'


class CommentInRow(Diagnostic):
    """A comment inside the row of a table, which hides the cells behind it."""

    code = "comment-in-row"
    bad = 'arch net(config = "A")\ninput 3x8x8\ntable config\n| A | B |\n| conv3-4 # first | conv3-8 |\n'
    mended = 'arch net(config = "A")\ninput 3x8x8\ntable config\n| A | B |\n| conv3-4 | conv3-8 | # first\n'


class StrayInSeparator(Diagnostic):
    """A cell of dashes, as in the row below a table's header, with something else in it."""

    code = "stray-in-separator"
    bad = 'arch net(config = "A")\ninput 3x8x8\ntable config\n| A       |\n|---x-----|\n| conv3-4 |\n'
    mended = 'arch net(config = "A")\ninput 3x8x8\ntable config\n| A       |\n|---------|\n| conv3-4 |\n'


class RowWithoutTable(Diagnostic):
    """A row between bars where no table is open: `table` or `variants` is missing above, or stands in a comment."""

    code = "row-without-table"
    bad = 'arch net(config = "A")\ninput 3x8x8\n| A       |\n| conv3-4 |\n'
    mended = 'arch net(config = "A")\ninput 3x8x8\ntable config\n| A       |\n| conv3-4 |\n'


_DASHES = re.compile(r"(?<=[|\n])[ \t]*:?-+([^-|\s]{1,3})-+:?[ \t]*(?=\|)")
_REST = re.compile(r"\n[ \t]*(?=[^\s|#][^\n]*\|[ \t\r]*(?:#[^\n]*)?(?:\n|$))")
"""The line end ahead of a line that begins without a bar and ends with one."""
_COMMENT = re.compile(r'(?:"[^"\n]*"|[^#"\n]|")*?(#(?P<remark>[^|\n]*)(?P<rest>\|[^\n]*))')


def rule(broken: Broken) -> Iterator[Repair]:
    """A row that goes on to the next line, or that begins without a bar."""
    row = broken.row
    if row is None:
        yield from _without_first_bar(broken)
        yield from _without_table(broken)
        return
    start = broken.text.rfind("\n", 0, row.start) + 1
    end = line_end(broken.text, row.start)
    yield from _rest_below(broken, row)
    for cell in _DASHES.finditer(broken.text, start, end):
        yield Repair.of(
            Replacement(*cell.span(1), "-" * len(cell[1])),
            Report(
                StrayInSeparator,
                *cell.span(1),
                f"`{cell[1]}` can't stand among the dashes of a cell",
                "a cell holds dashes or layers",
                helps=("leave it out",),
            ),
        )
    if broken.start < end:
        return
    comment = _COMMENT.match(broken.text, start, end)
    if comment is not None:
        rest = comment["rest"].rstrip()
        yield Repair.of(
            Replacement(comment.start(1), end, f"{rest} #{comment['remark'].rstrip()}"),
            Report(
                CommentInRow,
                comment.start(1),
                end,
                "a comment hides the rest of a row",
                "everything from the hash on is a comment",
                helps=("put the comment behind the last bar",),
            ),
        )
        return
    code = end_of_code(broken.text, row.start)
    yield Repair.of(
        Replacement(code, code, " |"),
        Report(
            OpenRow,
            code,
            code,
            "a row of a table ends without a bar",
            "a bar is missing here",
            helps=("end every row with a bar on its own line",),
            safe=True,
        ),
    )


def _rest_below(broken: Broken, row: Cell) -> Iterator[Repair]:
    """A row that is broken over two lines: the second begins without a bar and ends with one."""
    text = broken.text
    end = line_end(text, row.start)
    code = end_of_code(text, row.start)
    rest = _REST.match(text, end)
    if rest is None or text[code - 1] == "|" or "#" in text[code:end]:
        return
    # Dashes and numbers were cut in two, words apart.
    glued = re.fullmatch(r"[-:]{2}|[0-9.]{2}", text[code - 1] + text[rest.end()])
    for between in ("", " ") if glued else (" ", ""):
        yield Repair.of(
            Replacement(code, rest.end(), between),
            Report(
                OpenRow,
                code,
                code,
                "a row of a table goes on in the next line",
                "the rest of it is below",
                labels=((rest.end(), line_end(text, rest.end()), "here"),),
                helps=("a row of a table stands on one line",),
            ),
        )


def _without_table(broken: Broken) -> Iterator[Repair]:
    """Rows below nothing that has rows."""
    if not (broken.opens_line and broken.line.rstrip().endswith("|") and broken.word.startswith("|")):
        return
    before = broken.text[: broken.line_start].rstrip()
    above = re.match(r"[ \t]*([A-Za-z]*)", before[before.rfind("\n") + 1 :])
    if broken.open_brackets or (above is not None and similar(above[1], ("table", "variants"))):
        # The word above was meant to be one of the two.
        return
    word = "variants" if re.match(r"\|[ \t]*name[ \t]*\|", broken.rest) else "table"
    yield Repair.of(
        Replacement(broken.line_start, broken.line_start, f"{word}\n"),
        Report(
            RowWithoutTable,
            broken.start,
            broken.line_start + len(broken.line.rstrip()),
            "a row stands outside of a table",
            f"the first row below no `{word}`",
            helps=(f"write `{word}` on the line above",),
        ),
    )


def _without_first_bar(broken: Broken) -> Iterator[Repair]:
    if not broken.word.startswith("|"):
        return
    before = broken.text[: broken.line_start].rstrip()
    above = before[before.rfind("\n") + 1 :].strip()
    if not (above.startswith("|") and broken.ahead.strip() and broken.line.rstrip().endswith("|")):
        return
    place = broken.line_start + len(broken.ahead) - len(broken.ahead.lstrip())
    stray = re.compile(r"[^\sA-Za-z0-9_@|#]?").match(broken.text, place)
    assert stray is not None
    if stray[0]:
        yield Repair.of(
            Replacement(place, place + 1, "|"),
            Report(
                OpenRow,
                place,
                place + 1,
                "a row of a table begins without a bar",
                f"`{stray[0]}` stands in place of it",
                helps=("begin every row with a bar",),
            ),
        )
    yield Repair.of(
        Replacement(place, place, "| "),
        Report(
            OpenRow,
            place,
            place,
            "a row of a table begins without a bar",
            "a bar is missing here",
            helps=("begin every row with a bar",),
            safe=True,
        ),
    )
