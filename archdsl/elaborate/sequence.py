"""A chain of members in the making."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from archdsl.ir.nodes import Member, Name, Node
from archdsl.ir.values import Labelled, Scope
from archdsl.shape import Shape


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
