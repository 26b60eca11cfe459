"""What is referred to, and the labels by which a text that is written anew refers to it."""

from __future__ import annotations

from collections import Counter

from archdsl.analysis.dataflow import dataflow, targets
from archdsl.ir.marks import Mark, Path
from archdsl.ir.names import MODULE_ATTRIBUTES, stem
from archdsl.ir.nodes import Architecture, Member, text
from archdsl.ir.walk import walk_members


class Labels:
    """The labels of one network as its text comes to be written, in the order in which it runs."""

    def __init__(self, network: Architecture) -> None:
        paths = targets(network)
        self.marks = {mark for path in paths for mark in path}
        self._alone = {path[0] for path in paths if len(path) == 1} - {path[0] for path in paths if len(path) > 1}
        self.called: dict[Mark, str] = {}
        """What the tensors are called that were written already."""
        self._words = Counter(label for label in map(_word, walk_members(network)) if label is not None)
        self._taken = {*MODULE_ATTRIBUTES, *(mark.label for mark in self.marks)}
        if self.marks:
            for operation in dataflow(network).operations:
                self._taken |= set(operation.path.split("."))

    def is_hidden(self, mark: Mark) -> bool:
        """Whether other members have a label's word too, one of which may hide it where it is referred to.

        The way into a container goes by the container's own label alone.
        """
        return mark in self._alone and self._words[mark.label] > 1

    def wanted(self, member: Member) -> list[Mark]:
        """The labels of a member that anything refers to."""
        return [mark for mark in member.marks if mark in self.marks]

    def spelled(self, path: Path) -> str:
        """The way to a tensor, as the new text writes it."""
        return ".".join(self.called.get(mark, mark.label) for mark in path)

    def new(self, mark: Mark, member: Member) -> str:
        """A label that nothing else in the network has."""
        word = f"{mark.label}_{stem(member.node)}"
        name, number = word, 1
        while name in self._taken:
            number += 1
            name = f"{word}_{number}"
        self._taken.add(name)
        return name


def _word(member: Member) -> str | None:
    return None if member.label is None else text(member.label)


def can_be_referred_to(label: str) -> bool:
    """Whether `@label` can be written: a number, as members of an `nn.Sequential` have it, can't."""
    return label.replace("_", "a").isalnum() and label.isascii() and not label[0].isdigit()
