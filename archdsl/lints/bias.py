"""Weights that train for nothing."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics import Edit
from archdsl.diagnostics.edits import removal_from_list
from archdsl.elaborate.bias import starts_with_norm
from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Architecture, Chain, LayerNode, Node, Repeat
from archdsl.layers.biased import BiasedLayer
from archdsl.lints.lint import Lint, head_at, nodes
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
        for chain in nodes(network):
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
