"""What a network weighs: its parameters, and the multiply-accumulates of one sample.

Both are sums over layers by what each layer's class says. A node is counted once however often it is
shared, and a repeat by its runs.
"""

from __future__ import annotations

from typing import NamedTuple

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.elaborate.budget import shown
from archdsl.ir.nodes import Architecture, Aux, LayerNode, Node, Repeat
from archdsl.limits import Limits
from archdsl.shape import Dim


class Cost(NamedTuple):
    """Parameters (single numbers, not bytes) and MACs (1 MAC = 2 FLOPs) of a node."""

    params: Dim
    macs: Dim

    def times(self, count: Dim) -> Cost:
        return Cost(self.params * count, self.macs * count)

    def plus(self, other: Cost) -> Cost:
        return Cost(self.params + other.params, self.macs + other.macs)


NOTHING = Cost(0, 0)


class TooManyParameters(Diagnostic):
    """A network of more parameters than any machine holds, which only a mistyped or hostile spec asks for."""

    code = "too-many-parameters"
    bad = "arch net\ninput 64x8x8\n[conv3-64] x100000000000\n"
    mended = "arch net\ninput 64x8x8\n[conv3-64] x100\n"


class Costs:
    """The cost of nodes, each worked out once."""

    def __init__(self) -> None:
        self._known: dict[Node, Cost] = {}

    def of(self, node: Node) -> Cost:
        """The cost of a node: of all turns of a repeat, and of both branches of a merge."""
        found = self._known.get(node)
        if found is None:
            found = self._known[node] = self._cost(node)
        return found

    def inference(self, architecture: Architecture) -> Dim:
        """The parameters that are left once the auxiliary outputs are gone."""
        outputs = [member.node for member in architecture.body.members if isinstance(member.node, Aux)]
        return self.of(architecture.body).params - sum((self.of(node).params for node in outputs), 0)

    def _cost(self, node: Node) -> Cost:
        if isinstance(node, LayerNode):
            return Cost(node.layer.parameters(node.input), node.layer.macs(node.input))
        total = NOTHING
        if isinstance(node, Aux):
            # Its weights are the network's; what it computes is not, outside of training.
            return Cost(self.of(node.body).params, 0)
        if isinstance(node, Repeat):
            for run in node.runs:
                total = total.plus(self.of(run.node).times(run.count))
        else:
            for part in node.parts:
                total = total.plus(self.of(part))
        return total


def check_parameters(architecture: Architecture, costs: Costs, limits: Limits) -> None:
    """Raise ArchError for a network of more parameters than may be."""
    params = costs.of(architecture.body).params
    if not isinstance(params, int) or params <= limits.parameters:
        return
    # The member that has most of them is where to look.
    most = max(architecture.body.members, key=lambda member: int(costs.of(member.node).params))
    raise ArchError(
        TooManyParameters(
            most.node.span,
            f"`{architecture.name}` would have {shown(params)} parameters",
            f"{shown(int(costs.of(most.node).params))} of them are here",
            helps=[limits.help("parameters")],
        )
    )
