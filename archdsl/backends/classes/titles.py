"""What classes are called after."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import cached_property

from archdsl.backends.classes.calls import Key
from archdsl.ir.nodes import Chain, Merge, Node
from archdsl.ir.values import BlockValue, LayerValue, Value, is_number
from archdsl.ir.walk import walk
from archdsl.syntax import tree


class Titles:
    """Words for the classes of one network: its blocks' names, its groups' labels."""

    def __init__(self, body: Node, keys: Iterable[Key]) -> None:
        self.body = body
        self.keys = keys

    def of(self, node: Node) -> str:
        """What the class of a node is called after."""
        text = node.provenance.text
        if isinstance(text, tree.Block):
            words = [text.name.text]
            if self.kinds[text] > 1:
                words += [_word(value) for _, value in node.provenance.bindings if not is_number(value)]
            return "_".join(words)
        if isinstance(node, Merge):
            return node.kind
        return self.labels.get(text, "group" if node.provenance.inside else "branch")

    @cached_property
    def kinds(self) -> Counter[tree.Node]:
        """How many kinds of arguments each text is called with."""
        return Counter(text for text, _ in {(key.text, key.special) for key in self.keys})

    @cached_property
    def labels(self) -> dict[tree.Node, str]:
        """The label of each group that has one."""
        found: dict[tree.Node, str] = {}
        for node in walk(self.body):
            if isinstance(node, Chain):
                for member in node.members:
                    if member.label is not None and member.node.origin is not None:
                        word = "".join(str(piece) for piece in member.label if isinstance(piece, str))
                        found.setdefault(member.node.origin.text, word)
        return found


def _word(value: Value) -> str:
    if isinstance(value, LayerValue):
        return value.keyword
    if isinstance(value, BlockValue):
        return value.definition.name.text
    return re.sub(r"[^A-Za-z0-9]+", "_", str(value)) if isinstance(value, (str, bool)) else ""
