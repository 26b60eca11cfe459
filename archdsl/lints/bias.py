"""Weights that train for nothing."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from archdsl.diagnostics import Edit, Label
from archdsl.diagnostics.edits import removal_from_list
from archdsl.elaborate.bias import starts_with_norm
from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Architecture, Call, Chain, LayerNode, Node, Repeat
from archdsl.ir.walk import walk
from archdsl.layers.biased import BiasedLayer
from archdsl.lints.lint import Lint, head_at
from archdsl.lints.size import with_argument
from archdsl.syntax import tree


class BiasAheadOfNorm(Lint):
    """A layer that is told to have a bias though a batch norm follows, which subtracts it again.

    Published weights may have it all the same. `default conv(bias=true)` says so for the whole spec, without a
    warning.
    """

    code = "bias-ahead-of-norm"
    bad = "arch net\ninput 3x8x8\nconv3-8(bias=true) bn relu\n"
    mended = "arch net\ninput 3x8x8\nconv3-8 bn relu\n"

    @classmethod
    def in_network(cls, program: Program, network: Architecture) -> Iterator[Lint]:
        for chain in walk(network.body):
            if not isinstance(chain, Chain):
                continue
            for place, member in enumerate(chain.members[:-1]):
                layer = _last(member.node)
                if layer is None or not isinstance(layer.layer, BiasedLayer) or layer.layer.bias is not True:
                    continue
                head = head_at(program, layer.span)
                written = _written(head) if head else None
                if head is None or written is None or not starts_with_norm(chain.members[place + 1 :]):
                    continue
                yield cls(
                    written.span,
                    f"`{head.span.text}` has a bias that the batch norm behind it subtracts again",
                    "trains for nothing",
                    helps=["leave it out; where published weights have it, say `default conv(bias=true)` once"],
                    fixes=[_without(head, written)],
                )


class BiasAcrossBorder(Lint):
    """A bias that is kept though a batch norm follows, as the border of a group or a block stands between the two.

    A layer right ahead of a batch norm has no bias by itself, and the border isn't looked through. `bias=false` leaves
    it out; `bias=true`, or a `default`, says that it is meant.
    """

    code = "bias-across-border"
    bad = "arch net\ninput 3x8x8\nstem: [relu conv3-8]\nbn\n"
    mended = "arch net\ninput 3x8x8\nstem: [relu conv3-8(bias=false)]\nbn\n"

    @classmethod
    def in_network(cls, program: Program, network: Architecture) -> Iterator[Lint]:
        for node in walk(network.body):
            for before, behind in _neighbours(node):
                last, norm = _at_end(before), _at_beginning(behind)
                if last is None or norm is None or not norm.layer.follows_bias:
                    continue
                layer = last.layer
                if not isinstance(layer, BiasedLayer) or layer.bias is not None:
                    continue
                head = head_at(program, last.span)
                if head is None:
                    continue
                yield cls(
                    head.span,
                    f"`{head.span.text}` keeps its bias, which the batch norm behind the border subtracts again",
                    "the last of its group or block",
                    labels=[Label(norm.span, "follows")],
                    helps=["`bias=false` leaves it out, `bias=true` says that it is meant"],
                    fixes=[with_argument(head, "bias=false")],
                )


def _neighbours(node: Node) -> Iterator[tuple[Node, Node]]:
    """What follows what inside a chain, and in a repeat the turns."""
    if isinstance(node, Chain):
        yield from pairwise(member.node for member in node.members)
    if isinstance(node, Repeat):
        yield from ((run.node, run.node) for run in node.runs if run.count != 1)
        yield from pairwise(run.node for run in node.runs)


def _at_end(node: Node) -> LayerNode | None:
    """The layer at the end of a node, through the borders of groups, blocks and repeats."""
    match node:
        case LayerNode():
            return node
        case Call():
            return _at_end(node.body)
        case Repeat() if node.runs:
            return _at_end(node.runs[-1].node)
        case Chain() if node.members:
            return _at_end(node.members[-1].node)
    return None


def _at_beginning(node: Node) -> LayerNode | None:
    """The layer at the beginning of a node, through the borders of groups, blocks and repeats."""
    match node:
        case LayerNode():
            return node
        case Call():
            return _at_beginning(node.body)
        case Repeat() if node.runs:
            return _at_beginning(node.runs[0].node)
        case Chain() if node.members:
            return _at_beginning(node.members[0].node)
    return None


def _last(node: Node) -> LayerNode | None:
    """The layer at the end of a member whose bias a norm behind it would make useless."""
    if isinstance(node, LayerNode):
        return node
    if isinstance(node, Repeat) and node.runs and node.runs[-1].node.members:
        return _last(node.runs[-1].node.members[-1].node)
    return None


def _written(head: tree.Head) -> tree.Argument | None:
    return next((each for each in head.arguments if each.name is not None and each.name.text == "bias"), None)


def _without(head: tree.Head, argument: tree.Argument) -> Edit:
    """The argument left out, and its brackets where it is alone. Weights lose a key, so that it is not safe."""
    assert head.call is not None
    if len(head.arguments) == 1:
        return Edit(head.span.source.span(head.call.span.start, head.call.span.end), "")
    return removal_from_list(argument.span, [each.span for each in head.arguments])
