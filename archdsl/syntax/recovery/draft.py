"""A text while it is being mended, which knows where each of its characters came from."""

from __future__ import annotations

from archdsl.diagnostics import Source, Span


class Draft:
    """A text with edits made to it; places in it lead back to the source."""

    def __init__(self, source: Source, text: str, offset: int = 0) -> None:
        self.source = source
        self.text = text
        self._origins = list(range(offset, offset + len(text) + 1))

    def edit(self, start: int, end: int, replacement: str) -> None:
        """Replace a stretch."""
        self.text = self.text[:start] + replacement + self.text[end:]
        # What is written anew comes from the stretch that it replaces, as far as that goes.
        old = self._origins[start:end] or [self._origins[end]]
        self._origins[start:end] = [old[min(place, len(old) - 1)] for place in range(len(replacement))]

    def span(self, start: int, end: int) -> Span:
        """The stretch of the source that a stretch of this text came from."""
        if end <= start:
            return self.source.span(self._origins[start], self._origins[start])
        first = self._origins[start]
        return self.source.span(first, max(first, self._origins[end - 1] + 1))

    def between(self, start: int, end: int) -> Span:
        """The stretch of the source from where one place came from to where another did."""
        return self.source.span(self._origins[start], self._origins[end])
