"""Rows of tables: a row is a line between two bars."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Diagnostic
from archdsl.syntax.recovery.broken import Broken, Repair, Replacement, Report, end_of_code, line_end


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


_COMMENT = re.compile(r'(?:"[^"\n]*"|[^#"\n]|")*?(#(?P<remark>[^|\n]*)(?P<rest>\|[^\n]*))')


def rule(broken: Broken) -> Iterator[Repair]:
    """A row that goes on to the next line, or that begins without a bar."""
    row = broken.row
    if row is None:
        yield from _without_first_bar(broken)
        return
    start = broken.text.rfind("\n", 0, row.start) + 1
    end = line_end(broken.text, row.start)
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


def _without_first_bar(broken: Broken) -> Iterator[Repair]:
    if not broken.word.startswith("|") or broken.open_brackets:
        return
    before = broken.text[: broken.line_start].rstrip()
    above = before[before.rfind("\n") + 1 :].strip()
    if not (above.startswith("|") and broken.ahead.strip() and broken.line.rstrip().endswith("|")):
        return
    place = broken.line_start + len(broken.ahead) - len(broken.ahead.lstrip())
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
