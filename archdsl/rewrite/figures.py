"""Figures that a rewrite makes untrue: sizes are said anew, and what was of the network as published goes.

A count of parameters that a paper prints is not the new network's, and neither is an accuracy once the network
computes something else; a size is a fact of the spec itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from archdsl.analysis.expectations import ExpectationFailed, failures
from archdsl.diagnostics import Diagnostic, Span
from archdsl.rewrite.draft import Draft, stretch
from archdsl.rewrite.text import Change, Turned
from archdsl.syntax import tree

_SIZES = ("output", "size")
_EXPECT, _REPORT = "expect ", "report "


def with_true_figures(before: Draft, draft: Draft, exact: bool) -> Draft:
    """The spec without figures that held before it was rewritten and don't any more."""
    failed = _failed(before)
    new = {
        span: found
        for span, found in _failed(draft).items()
        if (origin := draft.origin(span.start)) is None or origin not in {each.start for each in failed}
    }
    changes: list[Change] = []
    cells: set[Span] = set()
    for span, found in new.items():
        mended = list(_mended(draft, span, found))
        changes += mended
        if not mended:
            cells.add(span)
    for table in draft.items(tree.Variants):
        changes += _rows(table, cells, exact)
    return draft.change(changes) if changes else draft


def _failed(draft: Draft) -> dict[Span, list[Diagnostic]]:
    """What is wrong with expectations, by place, for all variants."""
    found: dict[Span, list[Diagnostic]] = defaultdict(list)
    for network in draft.networks.values():
        for each in failures(draft.program, network):
            if each.at is not None:
                found[each.at].append(each)
    return found


def _mended(draft: Draft, span: Span, found: list[Diagnostic]) -> Iterator[Change]:
    for item in draft.items(tree.Expect):
        if item.span.start <= span.start < item.span.end:
            # One statement is for all variants, and they must agree on what comes out.
            said = {each.found if isinstance(each, ExpectationFailed) else "" for each in found}
            agree = len(said) == 1 and len(found) == len(draft.networks)
            if item.metric.text in _SIZES and item.op.text == "==" and agree and "" not in said:
                yield Change(item.value.span, (Turned(item.value.span, said.pop()),))
            else:
                yield Change(item.span)
            return


def _rows(table: tree.Variants, untrue: set[Span], exact: bool) -> Iterator[Change]:
    """The table of variants without cells that are untrue, without reports of what is another network, and without
    columns in which nothing is left of either.
    """
    rows = [row for row in table.rows if len(row.cells) == len(table.header)]
    texts = [
        [_cell(cell, word, untrue, exact) for cell, word in zip(row.cells, table.header, strict=True)] for row in rows
    ]
    if texts == [[cell.span.text for cell in row.cells] for row in rows]:
        return
    kept = [
        place
        for place, word in enumerate(table.header)
        if not word.text.startswith((_EXPECT, _REPORT)) or any(cells[place].strip("-: ") for cells in texts)
    ]
    first, last = table.header[0].span, table.header[-1].span
    heading = " | ".join(table.header[place].text for place in kept)
    yield Change(stretch(first, last), (heading,))
    for row, cells in zip(rows, texts, strict=True):
        yield Change(row.span, (f"| {' | '.join(cells[place] or '-' for place in kept)} |",))


def _cell(cell: tree.Node, word: tree.Word, untrue: set[Span], exact: bool) -> str:
    gone = cell.span in untrue or (not exact and word.text.startswith(_REPORT))
    return "-" if gone else cell.span.text
