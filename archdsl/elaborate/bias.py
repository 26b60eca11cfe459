"""No bias ahead of a batch normalization, which would subtract it again.

"Directly followed" is meant as the network is built: repeats and `if` are looked through, the border
of a container is not.
"""

from __future__ import annotations

from dataclasses import replace

from archdsl.ir.nodes import Chain, Choice, LayerNode, Member, Node, Repeat, Run
from archdsl.symbolic import NeedsValue


def settle_biases(members: list[Member]) -> list[Member]:
    """The members with biases dropped where a batch normalization follows."""
    settled = list(members)
    for place in range(len(settled) - 1):
        if starts_with_norm(settled, place + 1):
            member = settled[place]
            node = without_bias(member.node)
            if node is not member.node:
                settled[place] = Member(label=member.label, node=node, marks=member.marks)
    return settled


def starts_with_norm(members: list[Member] | tuple[Member, ...], start: int = 0) -> bool:
    """Whether the first layer of these members, from `start` on, makes a bias ahead of it useless."""
    return bool(_first(members, start))


def _first(members: list[Member] | tuple[Member, ...], start: int) -> bool | None:
    """What the first layer says; None where there is no member."""
    for place in range(start, len(members)):
        node = members[place].node
        if isinstance(node, LayerNode):
            return node.layer.follows_bias
        if isinstance(node, Repeat):
            found = next((each for run in node.runs if (each := _first(run.node.members, 0)) is not None), None)
            if found is None:
                # Turns of nothing are looked through.
                continue
            return found
        if isinstance(node, Choice):
            outcomes = {_first(side.members, 0) for side in (node.then, node.otherwise)}
            # What stands behind is asked once, however many sides in a row are empty.
            sides = {starts_with_norm(members, place + 1) if each is None else each for each in outcomes}
            if len(sides) == 2:
                raise NeedsValue(node.condition)
            return sides.pop()
        return False
    return None


def without_bias(node: Node) -> Node:
    """The node with the bias of its last layer dropped, where that is a convolution or `fc` by default."""
    if isinstance(node, LayerNode):
        layer = node.layer.without_bias()
        return node if layer is node.layer else replace(node, layer=layer)
    if isinstance(node, Repeat):
        last = node.runs[-1]
        bare = _chain_without_bias(last.node)
        if bare is last.node:
            return node
        runs = [*node.runs[:-1]]
        if last.count != 1:
            runs.append(Run(count=last.count - 1, node=last.node))
        return replace(node, runs=(*runs, Run(count=1, node=bare)))
    if isinstance(node, Choice):
        return replace(node, then=_chain_without_bias(node.then), otherwise=_chain_without_bias(node.otherwise))
    return node


def settle_turns(runs: list[Run]) -> list[Run]:
    """The runs of a repeat with biases dropped where the next turn begins with a batch normalization."""
    settled: list[Run] = []
    for place, run in enumerate(runs):
        follows = [starts_with_norm(following.node.members) for following in runs[place + 1 : place + 2]]
        within = starts_with_norm(run.node.members)
        bare = _chain_without_bias(run.node) if within or any(follows) else run.node
        if bare is run.node:
            settled.append(run)
            continue
        last = bare if any(follows) else run.node
        inner = bare if within else run.node
        if inner is last:
            settled.append(Run(count=run.count, node=inner))
            continue
        if run.count != 1:
            settled.append(Run(count=run.count - 1, node=inner))
        settled.append(Run(count=1, node=last))
    return settled


def _chain_without_bias(chain: Chain) -> Chain:
    if not chain.members:
        return chain
    last = chain.members[-1]
    node = without_bias(last.node)
    if node is last.node:
        return chain
    member = Member(label=last.label, node=node, marks=last.marks)
    return replace(chain, members=(*chain.members[:-1], member))
