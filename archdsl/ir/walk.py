"""The one walk over nodes as they are shared: each is met once, those inside behind what they are inside of."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.ir.nodes import Architecture, Chain, Member, Node


def walk(node: Node) -> Iterator[Node]:
    """A node and all below it, each shared one once, in the order of the text."""
    seen: set[Node] = set()
    pending = [node]
    while pending:
        each = pending.pop()
        if each in seen:
            continue
        seen.add(each)
        yield each
        pending += reversed(tuple(each.parts))


def walk_members(network: Architecture) -> Iterator[Member]:
    """The members of all chains of a network, those of what is shared once."""
    for node in walk(network.body):
        if isinstance(node, Chain):
            yield from node.members
