"""Members with their names: what a walk meets, so that nobody has to bring the two together."""

from __future__ import annotations

from dataclasses import replace

from archdsl.ir.nodes import Member, Name, Node, Repeat, Run, at, text
from archdsl.record import record
from archdsl.shape import Dim
from archdsl.symbolic import Expr


@record
class Named:
    """A member of a container with its name there, and with what it holds that has names of the same container."""

    member: Member
    name: Name | None
    """None for what is no module itself: a spliced repeat, a choice, a merge whose labels belong to the container."""
    runs: tuple[NamedRun, ...] = ()
    """Those of a spliced repeat."""
    sides: tuple[tuple[Named, ...], ...] = ()
    """The two sides of a choice, or the branches of a merge without a name."""

    @property
    def node(self) -> Node:
        """What it is."""
        return self.member.node

    @property
    def text(self) -> str:
        """Its name, pieces that depend on a turn in braces; '' for one without."""
        return "" if self.name is None else text(self.name)

    def at(self, /, **values: Dim) -> Named:
        """The same in a turn of a repeat around it."""
        return Named(
            self.member,
            None if self.name is None else at(self.name, **values),
            tuple(replace(each, members=tuple(inner.at(**values) for inner in each.members)) for each in self.runs),
            tuple(tuple(each.at(**values) for each in side) for side in self.sides),
        )


@record
class NamedRun:
    """One run of a spliced repeat. Names in it are formulas of `turn`, which counts from 0 in the run."""

    run: Run
    turn: Expr
    start: Dim
    """How many turns of the repeat are ahead of it."""
    members: tuple[Named, ...]

    def values(self, node: Repeat, number: Dim) -> dict[str, Dim]:
        """What a turn of the run puts into names: the turn, and the index of the repeat."""
        found: dict[str, Dim] = {str(self.turn): number}
        if node.index is not None:
            found[node.index] = self.start + number
        return found
