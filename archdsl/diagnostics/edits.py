"""Edits that several mistakes are mended by."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

from archdsl.diagnostics.diagnostic import Edit
from archdsl.diagnostics.source import Span


def removal(span: Span, safe: bool = False) -> Edit:
    """A piece of text left out, with its line where nothing else stands on it, else with the blanks ahead of it."""
    text = span.source.text
    start, end = span.start, span.end
    line = span.source.line_starts[span.line - 1]
    rest = re.compile(r"[ \t]*(?:\n|$)").match(text, end)
    while start > line and text[start - 1] in " \t":
        start -= 1
    if start == line and rest is not None:
        return Edit(span.source.span(line, rest.end()), "", safe)
    return Edit(span.source.span(start, end), "", safe)


def removal_from_list(span: Span, items: Sequence[Span], safe: bool = False) -> Edit:
    """One of several items between commas, in the order of the text, left out, with one of the commas."""
    place = bisect_left(items, span.start, key=lambda each: each.start)
    if place + 1 < len(items):
        return Edit(span.source.span(span.start, items[place + 1].start), "", safe)
    start = items[place - 1].end if place else span.start
    return Edit(span.source.span(start, span.end), "", safe)
