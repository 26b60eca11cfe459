"""A chain of members in the making, and where nodes come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from archdsl.elaborate.values import Labelled, Scope, Value
from archdsl.ir.nodes import Member, Name, Node
from archdsl.record import record
from archdsl.shape import Shape
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


@dataclass
class Sequence:
    """A chain in the making."""

    start: Shape
    scope: Scope
    members: list[Member] = field(default_factory=list)
    labels: dict[str, Labelled] = field(default_factory=dict)
    """The tensors that labels in it make reachable."""
    branch: bool = False
    """Whether this is a branch of a merge, which may begin with a reference."""

    @property
    def x(self) -> Shape:
        return self.members[-1].node.output if self.members else self.start

    def add(self, node: Node, label: Name | None = None) -> None:
        self.members.append(Member(label=label, node=node))

    def reach(self, labels: Mapping[str, Labelled]) -> None:
        """Make tensors reachable as `@name` for what follows."""
        self.labels |= labels
        self.scope = self.scope.with_labels(labels)
