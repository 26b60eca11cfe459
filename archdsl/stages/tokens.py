"""The first stage: a text cut into tokens."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.stages.base import Stage, Way, at
from archdsl.syntax.tokens import tokens


class Tokens(Stage):
    """Each token with its place and its terminal of the grammar; comments and white space are none."""

    name = "tokens"
    place = 0

    def lines(self, way: Way) -> Iterator[str]:
        # A text with a mistake has no tokens: which there are depends on what may stand where.
        source = way.tree.source
        for piece in tokens(source.text):
            span = source.span(piece.start, piece.end)
            yield f"{at(span):<8}{piece.kind:<16}{span.text!r}"
