"""Where a node comes from, so that what stood in a text once can be built of it anew, as the body of a class is."""

from __future__ import annotations

from archdsl.ir.values import Scope, Value
from archdsl.record import record
from archdsl.syntax import tree


@record
class Origin:
    """The text that a node was made from and the names in force there."""

    text: tree.Node
    scope: Scope
    bindings: tuple[tuple[str, Value], ...]
    """The free names of the text and what they stand for, by the alphabet (of a block: its parameters first)."""
    inside: bool = True
    """Whether the text stands in square brackets, where a further group is a container; a branch does not."""
