"""The shapes of a network as a person holds them: a summary that can be read as text and as JSON."""

from __future__ import annotations

from archdsl.analysis.summary import Summary


class Shapes(Summary):
    """A summary with its renderings; `str()` of it is the table."""

    def to_text(self) -> str:
        """An aligned table with the totals below it."""
        from archdsl.backends.shapes_text import shapes_text

        return shapes_text(self)

    def to_json(self) -> str:
        """One JSON object: sizes are lists, counts whole numbers."""
        from archdsl.backends.shapes_json import shapes_json

        return shapes_json(self)

    def __str__(self) -> str:
        return self.to_text()

    def __repr__(self) -> str:
        return f"<Shapes of {self.network}: {self.params:,} parameters, {self.macs:,} MACs>"
