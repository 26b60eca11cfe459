"""From a spec to the same spec in the one style."""

from __future__ import annotations

from archdsl.diagnostics import ArchError, Source
from archdsl.formatting.layout import settle
from archdsl.formatting.meaning import same
from archdsl.formatting.pieces import pieces
from archdsl.formatting.writing import written
from archdsl.limits import USUAL, Limits
from archdsl.syntax import parse


class ChangedMeaning(Exception):
    """The formatted text would not mean what the spec means, which is a bug of the formatter."""


def format_source(source: Source, limits: Limits = USUAL) -> str:
    """The text in the one style, its comments included.

    Raises ArchError where the text is not in the language, and ChangedMeaning instead of returning a text
    whose tree or comments are others.
    """
    file = parse(source, limits)
    found = pieces(file)
    settle(found)
    text = written(found)
    if text == source.text:
        return text
    try:
        changed = not same(file, parse(Source(source.name, text), limits))
    except ArchError:
        changed = True
    if changed:
        raise ChangedMeaning(source.name)
    return text
