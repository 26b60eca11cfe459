"""Layers that work for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics import Label
from archdsl.elaborate.program import Program
from archdsl.ir.marks import Mark
from archdsl.ir.nodes import Architecture, Aux, Chain, Member, Merge, Node, Reference
from archdsl.ir.walk import walk
from archdsl.lints.lint import Lint


class UnreachedLayer(Lint):
    """A layer whose output nothing takes: each branch of the merge behind it begins with another tensor.

    A label that a reference or an auxiliary output asks for is taken.
    """

    code = "unreached-layer"
    bad = "arch net\ninput 3x8x8\na: conv3-4\nb: conv3-4\nconv3-8\nadd<@a | @b>\n"
    mended = "arch net\ninput 3x8x8\na: conv3-4\nb: conv3-4\nadd<@a | @b>\n"

    @classmethod
    def in_network(cls, program: Program, network: Architecture) -> Iterator[Lint]:
        found = list(walk(network.body))
        asked = {mark for node in found if isinstance(node, (Reference, Aux)) for mark in node.target}
        for chain in found:
            if not isinstance(chain, Chain):
                continue
            for place, member in enumerate(chain.members):
                if not place or not _begins_elsewhere(member.node):
                    continue
                lost = _lost(chain.members[:place], asked)
                if lost is not None:
                    yield cls(
                        lost.span,
                        "what this layer makes reaches no output",
                        "nothing takes it",
                        labels=[Label(member.node.span, "each branch here begins with another tensor")],
                        helps=["leave it out, or let a branch begin with it: one without an `@`, such as `identity`"],
                    )


def _begins_elsewhere(node: Node) -> bool:
    """Whether a merge takes nothing of what arrives."""
    return isinstance(node, Merge) and all(
        branch.members and isinstance(branch.members[0].node, Reference) for branch in node.branches
    )


def _lost(members: tuple[Member, ...], asked: set[Mark]) -> Node | None:
    """The last of several members, if nobody asks for what it makes; an auxiliary output hands on what arrives."""
    for member in reversed(members):
        if not asked.isdisjoint(member.marks):
            return None
        if not isinstance(member.node, Aux):
            return member.node
    return None
