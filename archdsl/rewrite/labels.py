"""What is referred to, and the labels by which a text that is written anew refers to it."""

from __future__ import annotations

from archdsl.analysis.dataflow import dataflow, targets
from archdsl.ir.marks import Mark, Path
from archdsl.ir.names import MODULE_ATTRIBUTES, stem
from archdsl.ir.nodes import Architecture, Member


class Labels:
    """The labels of one network as its text comes to be written, in the order in which it runs."""

    def __init__(self, network: Architecture) -> None:
        self.marks = {mark for path in targets(network) for mark in path}
        self.called: dict[Mark, str] = {}
        """What the tensors are called that were written already."""
        self._taken = {*MODULE_ATTRIBUTES, *(mark.label for mark in self.marks)}
        if self.marks:
            for operation in dataflow(network).operations:
                self._taken |= set(operation.path.split("."))

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


def can_be_referred_to(label: str) -> bool:
    """Whether `@label` can be written: a number, as members of an `nn.Sequential` have it, can't."""
    return label.replace("_", "a").isalnum() and label.isascii() and not label[0].isdigit()
