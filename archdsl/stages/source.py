"""The last stage: the PyTorch source."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.stages.base import Stage, Way


class Written(Stage):
    """What `archdsl compile` prints."""

    name = "source"
    place = 5

    def lines(self, way: Way) -> Iterator[str]:
        yield from way.network.source().splitlines()
