"""One rule applied to one spec: the new text, and how each weight of a network travels."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archdsl.analysis.instances import Instance
from archdsl.diagnostics import ArchError
from archdsl.elaborate.program import Program
from archdsl.formatting import format_source
from archdsl.ir.nodes import Architecture
from archdsl.rewrite.beginnings import with_beginnings, without_named
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.figures import with_true_figures
from archdsl.rewrite.rule import CantRewrite, Rewrite, Travel, impossible, rule


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

    def travels(self, before: Iterable[Instance], after: Iterable[Instance]) -> Iterator[Travel]:
        """How each weight of the layers of a new network comes to be of those of the old one.

        What is not among them begins as it does in a new network.
        """
        old, new = list(before), list(after)
        paired = self.rule.paired(self.before, self.draft, old, new)
        left = set(paired.values())
        gone: dict[Instance, list[Instance]] = defaultdict(list)
        for layer in old:
            if layer not in left and layer.follows is not None:
                gone[layer.follows].append(layer)
        for layer in new:
            was = paired.get(layer)
            yield from self.rule.travels(layer, was, gone.get(was, ()) if was is not None else ())


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
    except ArchError as error:
        raise _explained(found, error) from None
    return Rewritten(found, before, draft, format_source(draft.source))


def _mended(found: Rewrite, before: Draft, draft: Draft) -> Draft:
    """The new spec with what it says of how weights begin and of its figures true again."""
    paired = _paired(found, before, without_named(draft))
    _check(found, paired)
    draft = found.finish(with_beginnings(draft, paired, before))
    return with_true_figures(before, draft, found.exact)


def _check(found: Rewrite, paired: dict[str | None, dict[Instance, Instance]]) -> None:
    """Raise CantRewrite where a layer that stays would meet something else than it did."""
    for pairs in paired.values():
        for new, old in pairs.items():
            same = new.node.layer.keyword == old.node.layer.keyword
            weights = [[shape for _, shape in layer.keys().items()] for layer in (new, old)]
            if found.exact and new.node.output.elements != old.node.output.elements:
                why = f"`{old.name}` makes {old.node.output}, and would make {new.node.output}"
            elif found.exact and same and weights[0][:1] != weights[1][:1]:
                why = f"{new.node.input} would arrive at `{old.name}`, whose weights are for {old.node.input}"
            else:
                continue
            raise impossible(
                found, old.node.span, why, "would be another layer", "`--at LABEL` applies the rule to one place"
            )


def _paired(found: Rewrite, before: Draft, draft: Draft) -> dict[str | None, dict[Instance, Instance]]:
    return {
        variant: found.paired(before, draft, before.layers[variant], layers) for variant, layers in draft.layers.items()
    }


def _explained(found: Rewrite, error: ArchError) -> ArchError:
    """What the elaborator says of a spec as the rule would have it, as a mistake of the rewrite."""
    kinds = {"nothing-to-rewrite", "cannot-rewrite"}
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
            helps=[
                "`--at LABEL` applies it to one place",
                "`archdsl rewrite unfold` gives each place a text of its own",
            ],
        )
    )
