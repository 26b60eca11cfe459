"""`init`: each layer goes on beginning as it did, whatever it is called now and whatever it has become."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from archdsl.analysis.instances import Instance
from archdsl.diagnostics import ArchError, Source
from archdsl.elaborate.initializations import named_layer
from archdsl.ir.nodes import Architecture, Initial
from archdsl.layers.base import written
from archdsl.layers.torch_call import Module
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.text import Change
from archdsl.syntax import tree

_PLAIN = "default"


def without_named(draft: Draft) -> Draft:
    """The spec without the rules that name single layers, which may be called otherwise now."""
    named = [item for item in draft.items(tree.Init) if isinstance(item.target, tree.Template)]
    return draft.change([Change(item.span) for item in named]) if named else draft


def with_beginnings(draft: Draft, paired: dict[str | None, dict[Instance, Instance]], before: Draft) -> Draft:
    """The spec with an `init` for each layer that would begin otherwise than the one in whose place it stands."""
    if not draft.items(tree.Init):
        return draft
    changes: list[Change] = []
    targets = _targets(draft, before, paired)
    for item in draft.items(tree.Init):
        if isinstance(item.target, tree.Template) and item.target.plain is not None:
            new = targets.get(item.target.plain, frozenset({item.target.plain}))
            if len(new) != 1:
                # It is gone, or called one thing here and another there: what then begins otherwise is said singly.
                changes.append(Change(item.span))
            elif new != {item.target.plain}:
                changes.append(Change(item.target.span, (min(new),)))
    made = draft.change(changes) if changes else draft
    wanted = _wanted(made, before, paired)
    lost = [name for name in wanted if not _nameable(made, name)]
    places = {wanted[name][2] for name in lost}
    named = {name: (rule, keyword) for name, (rule, keyword, place) in wanted.items() if place not in places}
    if lost:
        made.notes.append(
            f"`init` can't name `{lost[0]}` and other copies of a repeat: they begin as their new kind does"
        )
    return made.change(_said(made, named)) if named else made


def _targets(
    draft: Draft, before: Draft, paired: dict[str | None, dict[Instance, Instance]]
) -> dict[str, frozenset[str]]:
    """What layers that an `init @label` names are called now; nothing where they are gone."""
    found: dict[str, set[str]] = defaultdict(set)
    for variant, pairs in paired.items():
        now = {old: new for new, old in pairs.items()}
        for old in before.layers[variant]:
            names = {now[old].name} if old in now else set()
            found[old.name] |= names
    return {name: frozenset(names) for name, names in found.items()}


def _wanted(
    draft: Draft, before: Draft, paired: dict[str | None, dict[Instance, Instance]]
) -> dict[str, tuple[str, str, int]]:
    """For layers whose beginning has changed, by name: the rule as it was written, its keyword, the layer's place."""
    found: dict[str, dict[tuple[str, str, int], None]] = defaultdict(dict)
    names: dict[str | None, dict[str, Instance]] = {
        variant: {layer.name: layer for layer in layers} for variant, layers in draft.layers.items()
    }
    for variant, pairs in paired.items():
        for new, old in pairs.items():
            if not old.node.layer.weights(old.node.input):
                continue
            here = names[variant].get(new.name)
            if here is None:
                continue
            was = _governing(before.networks[variant], old)
            now = _governing(draft.networks[variant], here)
            if _said_so(was) != _said_so(now):
                said = _rule_text(before, was), old.node.layer.keyword, old.node.span.start
                found[new.name][said] = None
    return {name: next(iter(rules)) for name, rules in found.items() if len(rules) == 1}


def _said_so(initial: Initial | None) -> str:
    return _PLAIN if initial is None else written(initial.rule)


def _rule_text(draft: Draft, initial: Initial | None) -> str:
    """A rule as the spec has it written."""
    for item in draft.items(tree.Init):
        if initial is not None and item.span.text.split()[1] == initial.target:
            return draft.source.text[item.rule.span.start : item.span.end]
    return _PLAIN


def _nameable(draft: Draft, name: str) -> bool:
    """Whether `init` can speak of a layer in every variant: it can't of a copy that a repeat makes."""
    target = tree.Template(Source("name", name).span(0, len(name)), (name,))
    try:
        for network in draft.networks.values():
            named_layer(network.body, target, {})
    except ArchError:
        return False
    return True


def _governing(network: Architecture, layer: Instance) -> Initial | None:
    """The rule by which a layer's weights begin: one for its label ahead of one for its kind."""
    module = next((step.name for step in layer.node.layer.torch(layer.node.input) if isinstance(step, Module)), "")
    found: Initial | None = None
    for each in network.initials:
        if each.target == f"@{layer.name}":
            return each
        if not each.target.startswith("@") and module in each.modules:
            found = each
    return found


def _said(draft: Draft, wanted: dict[str, tuple[str, str]]) -> Iterable[Change]:
    inits = draft.items(tree.Init)
    by_keyword: dict[str, list[str]] = defaultdict(list)
    for name, (rule, keyword) in wanted.items():
        by_keyword[keyword].append(f"init @{name} {rule}")
    for keyword, lines in by_keyword.items():
        said = [item for item in inits if isinstance(item.target, tree.Word) and item.target.text == keyword]
        left = any(layer.node.layer.keyword == keyword for layer in draft.all_layers)
        text = "\n".join(lines)
        if said and not left:
            # In the place of the rule that nothing needs any more.
            yield Change(said[-1].span, (text,))
            yield from (Change(item.span) for item in said[:-1])
        else:
            end = inits[-1].span.end
            yield Change(draft.source.span(end, end), (f"\n{text}",))
