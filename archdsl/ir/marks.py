"""Labels as names of tensors: what a reference means, whatever else goes by the same label elsewhere.

A label is text, and the same text may stand in many containers, in a block and around the place that calls it. So
a reference names no text but the very mark that was made where the label was read, and nothing can capture it.
"""

from __future__ import annotations

from typing import TypeAlias


class Mark:
    """The tensor that one label makes reachable. Two are the same only if they are one object."""

    __slots__ = ("label",)

    def __init__(self, label: str) -> None:
        self.label = label

    def __repr__(self) -> str:
        return f"Mark({self.label!r})"


Path: TypeAlias = tuple[Mark, ...]
"""The way to a tensor: the mark of a member at hand, then marks inside the containers on the way, one within another.

A container's node may be shared, so that the marks inside it say only together with its own which tensor is meant.
"""


def spelled(path: Path) -> str:
    """A way as a spec writes it, `features.pool3`."""
    return ".".join(mark.label for mark in path)
