"""Figures that a rewrite makes untrue: sizes are said anew, and what was of the network as published goes.

A count of parameters that a paper prints is not the new network's, and neither is an accuracy once the network
computes something else; a size is a fact of the spec itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from archdsl.analysis.expectations import ExpectationFailed, failures
from archdsl.diagnostics import Diagnostic, Span
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.text import Change, Turned
from archdsl.syntax import tree

_SIZES = ("output", "size")
_REPORT = "report "


def with_true_figures(before: Draft, draft: Draft, exact: bool) -> Draft:
    """The spec without figures that held before it was rewritten and don't any more."""
    failed = _failed(before)
    new = {
        span: found
        for span, found in _failed(draft).items()
        if (origin := draft.origin(span.start)) is None or origin not in {each.start for each in failed}
    }
    changes = [change for span, found in new.items() for change in _mended(draft, span, found)]
    if not exact:
        changes += _reports(draft)
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
    yield Change(span, ("-",))


def _reports(draft: Draft) -> Iterator[Change]:
    """What others reported of the network that this no longer is."""
    for table in draft.items(tree.Variants):
        for place, word in enumerate(table.header):
            if word.text.startswith(_REPORT):
                cells = [row.cells[place] for row in table.rows if len(row.cells) == len(table.header)]
                yield from (Change(cell.span, ("-",)) for cell in cells if not isinstance(cell, tree.Empty))
