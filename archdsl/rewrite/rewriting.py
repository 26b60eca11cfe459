"""One rule applied to one spec: the new text, and how each weight of a network travels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from archdsl.analysis.dataflow import dataflow
from archdsl.analysis.instances import Instance
from archdsl.diagnostics import ArchError
from archdsl.elaborate.program import Program
from archdsl.formatting import format_source
from archdsl.ir.nodes import Architecture
from archdsl.rewrite.beginnings import with_beginnings, without_named
from archdsl.rewrite.claim import Correspondence, hold
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.figures import with_true_figures
from archdsl.rewrite.rule import CantRewrite, Rewrite, Travel, rule


@dataclass(frozen=True, eq=False)
class Rewritten:
    """A spec that a rule was applied to."""

    rule: Rewrite
    before: Draft
    draft: Draft
    text: str
    """The new spec, formatted."""

    @property
    def program(self) -> Program:
        """The new spec, taken apart."""
        return self.draft.program

    def travels(self, before: Architecture, after: Architecture) -> Iterator[Travel]:
        """How each weight of the layers of a new network comes to be of those of the old one.

        What is not among them begins as it does in a new network. Raises CantRewrite as `correspondence` does.
        """
        found = self.correspondence(before, after)
        for number in found.layers:
            yield from found.travels(number)

    def correspondence(self, before: Architecture, after: Architecture) -> Correspondence:
        """Which layer of a new network stands in the place of which of the old one, and is what the rule claims.

        Raises CantRewrite where the new network is not that.
        """
        found = Correspondence(self.rule, self.before, self.draft, dataflow(before), dataflow(after))
        hold(found)
        return found


def rewrite(
    program: Program,
    name: str,
    at: str | None = None,
    variant: str | None = None,
    network: Architecture | None = None,
    **switches: bool,
) -> Rewritten:
    """A spec with a rule applied, right for all its variants.

    `at` is the name of a module, below which alone the rule is applied; `variant` and `network` count for a rule that
    writes one network out. Raises ArchError for a rule that isn't one, a spec with mistakes, one that the rule finds
    nothing in, and one that it can't be right for; TypeError for a switch that the rule doesn't have.
    """
    found = rule(name)
    for switch in switches:
        if switch not in found.options:
            raise TypeError(f"{name} has no switch `{switch}`")
    chosen = program.variant(variant)
    before = Draft(program, chosen.name if chosen else None, network=network)
    _ = before.networks
    try:
        draft = found.rewrite(before, at, **switches)
        if not found.writes_out:
            draft = _mended(found, before, draft)
        rewritten = Rewritten(found, before, draft, format_source(draft.source))
        _hold(rewritten)
    except ArchError as error:
        raise refused_text(found, error) from None
    return rewritten


def _hold(rewritten: Rewritten) -> None:
    """Raise CantRewrite unless every network of the new spec is what the rule claims."""
    before, draft = rewritten.before, rewritten.draft
    if rewritten.rule.writes_out:
        (flow,) = draft.flows.values()
        hold(Correspondence(rewritten.rule, before, draft, dataflow(before.network), flow))
        return
    for variant, flow in draft.flows.items():
        hold(Correspondence(rewritten.rule, before, draft, before.flows[variant], flow))


def _mended(found: Rewrite, before: Draft, draft: Draft) -> Draft:
    """The new spec with what it says of how weights begin and of its figures true again."""
    paired = _paired(found, before, without_named(draft))
    draft = found.finish(with_beginnings(draft, paired, before))
    return with_true_figures(before, draft, found.exact)


def _paired(found: Rewrite, before: Draft, draft: Draft) -> dict[str | None, dict[Instance, Instance]]:
    return {
        variant: found.paired(before, draft, before.layers[variant], layers) for variant, layers in draft.layers.items()
    }


def refused_text(found: Rewrite, error: ArchError) -> ArchError:
    """What is wrong with a spec as the rule would have it, as a mistake of the rewrite."""
    kinds = {"nothing-to-rewrite", "cannot-rewrite", "rewrite-too-long", "too-many-copies"}
    if all(each.code in kinds for each in error.diagnostics):
        return error
    first = error.diagnostics[0]
    place = first.at
    notes = [f"the new text would have this mistake: {first.message}"]
    if place is not None:
        notes.append(f"in `{place.source.line(place.line).strip()}`")
    return ArchError(
        CantRewrite(
            None,
            f"`{found.name}` can't be applied here as a whole",
            notes=notes,
            helps=found.ways_out,
        )
    )
