"""What the loss will do again."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics.edits import removal
from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Architecture, Call, Chain, LayerNode, Node, Repeat
from archdsl.lints.lint import Lint, text_at
from archdsl.syntax import tree


class FinalSoftmax(Lint):
    """A softmax as the last layer, where a cross-entropy will take another.

    PyTorch's cross-entropy takes scores, and learns badly from what has been through a softmax already. Who wants
    probabilities has them on request: a softmax in an `if` is taken to be meant.
    """

    code = "final-softmax"
    bad = "arch net\ninput 8\nfc-10 softmax\n"
    mended = "arch net(softmax = false)\ninput 8\nfc-10\nif {softmax} [softmax]\n"

    @classmethod
    def in_network(cls, program: Program, network: Architecture) -> Iterator[Lint]:
        last = _last(network.body)
        if last is None or not last.layer.makes_probabilities:
            return
        around = list(text_at(program, last.span))
        if any(isinstance(each, tree.If) for each in around):
            return
        statements = [each for each in around if isinstance(each, tree.Statement)]
        yield cls(
            last.span,
            f"the network ends in `{last.layer.written}`, which a cross-entropy takes by itself",
            "scores become probabilities here",
            helps=[
                "leave it out for training; for probabilities on request, let a parameter say so: "
                "`if {softmax} [softmax]`"
            ],
            fixes=[removal(statements[-1].span)] if statements else (),
        )


def _last(node: Node) -> LayerNode | None:
    """The layer that makes what a node gives; None where that is no single one."""
    match node:
        case LayerNode():
            return node
        case Call():
            return _last(node.body)
        case Repeat() if node.runs:
            return _last(node.runs[-1].node)
        case Chain() if node.members:
            return _last(node.members[-1].node)
    return None
