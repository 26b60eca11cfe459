"""A rewrite on weights: the new network beside the old one, the weights on their way, and whether both are equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.elaborate.architecture import elaborate
from archdsl.elaborate.parameters import settle_parameters
from archdsl.ir.values import Value, identity
from archdsl.network import Network, WeightsSource, weights_of
from archdsl.rewrite import Rewritten

if TYPE_CHECKING:
    from torch import Tensor

    from archdsl.runtime.proof import Proof


class NotEqual(Diagnostic):
    """A rewrite that should be exact gives another network than it was given, on these weights."""

    code = "not-equal"


def rewritten_network(network: Network, rewritten: Rewritten) -> Network:
    """The network that a rewrite makes of this one, under its parameters and on its input.

    Raises ArchError where the new spec doesn't take the input.
    """
    program = rewritten.program
    variant = network.variant if network.variant in program.variants else None
    given = _given(network) if program.arch is not None and program.arch.parameters else {}
    return Network(program, elaborate(program, variant, given, network.input))


def prove(
    network: Network, rewritten: Rewritten, weights: WeightsSource | None = None
) -> tuple[Proof, dict[str, Tensor]]:
    """Run a network and what it was rewritten to on the same random inputs, with weights that travel, or random ones.

    Gives what came of it, and the new weights. Weights fit as `Network.load` has them, and raise what it raises. Raises
    NotEqual where an exact rule has made a difference that rounding doesn't explain; ImportError without torch.
    """
    from archdsl.runtime.proof import Side
    from archdsl.runtime.proof import prove as run

    new = rewritten_network(network, rewritten)
    tensors = None if weights is None else _fitted(network, weights)
    travels = list(rewritten.travels(network.architecture, new.architecture))
    sides = Side(network.architecture, network.source()), Side(new.architecture, new.source())
    rule = rewritten.rule
    proof, made = run(*sides, travels, tensors, rule.exact and rule.in_training)
    if rewritten.rule.exact and not proof.equal:
        name = network.variant or network.name
        raise ArchError(
            NotEqual(
                None,
                f"`{rewritten.rule.name}` should be exact, and makes a difference to `{name}`",
                notes=[str(proof)],
                helps=["nothing was written; weights that are no numbers, or very large ones, can be a reason"],
            )
        )
    return proof, made


def _fitted(network: Network, weights: WeightsSource) -> dict[str, Tensor]:
    """The weights under the network's own names, and in the type that they have where they are all of one."""
    held = weights_of(weights, network.variant)
    types = {each.dtype for each in held.tensors.values() if each.is_floating_point()}
    fitted = network.load(held).state_dict()
    if len(types) != 1:
        return fitted
    (own,) = types
    return {name: each.to(own) if each.is_floating_point() else each for name, each in fitted.items()}


def _given(network: Network) -> dict[str, Value]:
    """The parameters that are other than the variant has them."""
    program = network.program
    own = settle_parameters(program, program.variant(network.variant) if program.variants else None, {})
    return {
        name: value for name, value in network.architecture.parameters if identity(value) != identity(own.get(name, ""))
    }
