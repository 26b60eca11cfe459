"""Whether two texts say the same: their trees are equal but for places, and so are their comments."""

from __future__ import annotations

from typing import Any

from archdsl.syntax.tree import Comment, File, Node

# Warnings are of comments (what can't be seen in them), and those are compared as texts.
_PLACES = {"span", "source", "comments", "warnings"}


def same(one: File, other: File) -> bool:
    """Whether two specs have equal trees, places left out, and the same comments in the same order."""
    return _texts(one.comments) == _texts(other.comments) and _equal(one, other)


def _texts(comments: tuple[Comment, ...]) -> list[str]:
    return [comment.text.rstrip() for comment in comments]


def _equal(one: Any, other: Any) -> bool:
    pending = [(one, other)]
    while pending:
        left, right = pending.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, tuple):
            if len(left) != len(right):
                return False
            pending += zip(left, right, strict=True)
        elif isinstance(left, Node):
            names = (name for name in left.field_names if name not in _PLACES)
            pending += [(getattr(left, name), getattr(right, name)) for name in names]
        elif left != right:
            return False
    return True
