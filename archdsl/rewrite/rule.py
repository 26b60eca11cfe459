"""What a rewrite is: a name, whether it is exact, what it makes of a spec's text, and how each weight travels.

A rule is one class in one file of `archdsl/rewrite/rules`, and nothing else knows about it: the command, its
reference, the table of rules and specs, and the tests are derived from what it declares here.
"""

from __future__ import annotations

import pkgutil
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any, ClassVar, TypeAlias

from archdsl.analysis.dataflow import Operation
from archdsl.analysis.instances import Instance
from archdsl.diagnostics import ArchError, Diagnostic, Span, similar_help
from archdsl.record import record
from archdsl.rewrite.draft import Draft, Place
from archdsl.shape import Dim

Array: TypeAlias = Any
"""A tensor as NumPy has it. Rules use its methods only, so that a rewrite without weights needs no NumPy."""


class UnknownRule(Diagnostic):
    """A rewrite is asked for that isn't one."""

    code = "unknown-rule"


class NothingToRewrite(Diagnostic):
    """A rewrite finds no place in a spec that it could change."""

    code = "nothing-to-rewrite"


class CantRewrite(Diagnostic):
    """A rewrite that would not be right for every variant of a spec, or whose text another place shares."""

    code = "cannot-rewrite"


@record
class Travel:
    """How one weight comes to be: from the old ones of these keys, by a function of their arrays."""

    key: str
    shape: tuple[Dim, ...]
    sources: tuple[str, ...]
    how: Callable[..., Array]


class Rewrite:
    """Base of all rewrites. A subclass declares what follows, and says in its docstring what it does, and why so."""

    name: ClassVar[str]
    exact: ClassVar[bool]
    """Whether the new network computes the same in evaluation, once the weights have travelled."""
    writes_out: ClassVar[bool] = False
    """Whether the rule makes a spec of one network alone, all of whose text it writes itself."""
    in_training: ClassVar[bool] = True
    """Whether an exact rule's network computes the same in training as well, auxiliary outputs among it."""
    lays_out_anew: ClassVar[bool] = False
    """Whether the output may come as C×1×1 where it was a vector, or the other way about."""
    keeps_names: ClassVar[bool] = False
    """Whether every weight goes on being called what it was."""
    ways_out: ClassVar[tuple[str, ...]] = (
        "`--at LABEL` applies it to one place",
        "`archdsl rewrite unfold` gives each place a text of its own",
    )
    """What may help where the rule can't be applied to all that it is about."""
    options: ClassVar[Mapping[str, str]] = {}
    """Switches that the rule takes, and what each is for."""

    def rewrite(self, draft: Draft, at: str | None, **switches: bool) -> Draft:
        """The spec with the rule applied, to the places below the module `at` only if that is given.

        Raises ArchError, with NothingToRewrite or CantRewrite, where it can't be.
        """
        raise NotImplementedError

    def finish(self, draft: Draft) -> Draft:
        """What is left to do on the new spec once every layer begins as it did."""
        return draft

    def paired(
        self, before: Draft, draft: Draft, old: Sequence[Instance], new: Sequence[Instance]
    ) -> dict[Instance, Instance]:
        """The layers of a new network with those of the old one in whose place they stand.

        That is asked of the text: what is written in one place, and runs several times, is paired in the order in which
        it runs. Raises CantRewrite where the new network has more or fewer of something than its text should make.
        """
        places = _by_place(before, old, draft.aliases)
        found: dict[Instance, Instance] = {}
        for place, layers in _by_place(draft, new, draft.aliases).items():
            was = places.get(place, [])
            if len(layers) != len(was):
                why = f"it runs {len(was)} times here, and would {len(layers)} times"
                raise impossible(self, was[0].node.span if was else None, why, "", *self.ways_out)
            found |= zip(layers, was, strict=True)
        return found

    def stands_for(self, new: Operation, old: Operation, gone: Sequence[Operation]) -> int | None:
        """Which tensor a layer of the new network makes that computes something else than `old` in its place.

        0 is that of `old` itself, 1 that of the first layer `gone` behind it, and so on; None where it makes none of
        these. What feeds it is the same as fed `old`.
        """
        return None

    def travels(self, new: Instance, old: Instance | None, gone: Sequence[Instance] = ()) -> Iterator[Travel]:
        """How the weights of a layer of the new network come to be, of which `old` is what stood in its place.

        `gone` are layers directly behind `old` in whose place nothing stands any more. What nothing is said of
        begins as it does in a new network. By default weights of the same name are the same numbers, laid out anew.
        """
        if old is None:
            return
        known = old.keys()
        for key, shape in new.keys().items():
            source = old.name + key.removeprefix(new.name)
            if source in known:
                yield Travel(key, shape, (source,), reshaped(shape))


def _by_place(draft: Draft, layers: Sequence[Instance], aliases: Mapping[int, int]) -> dict[Place, list[Instance]]:
    """Layers by where they were written, without those that were not."""
    found: dict[Place, list[Instance]] = defaultdict(list)
    for layer in layers:
        place = draft.place(layer)
        if place is not None:
            name, start = place
            found[name, aliases.get(start, start)].append(layer)
    return found


def reshaped(shape: tuple[Dim, ...]) -> Callable[[Array], Array]:
    """The same numbers in the same order, in this shape."""
    return lambda array: array.reshape(shape)


def nothing(rule: Rewrite, draft: Draft, why: str, *helps: str) -> ArchError:
    """What a rule raises where a spec has nothing for it."""
    message = f"`{draft.program.name}` has nothing that `{rule.name}` could rewrite: {why}"
    return ArchError(NothingToRewrite(None, message, helps=helps))


def impossible(rule: Rewrite, span: Span | None, why: str, label: str = "", *helps: str) -> ArchError:
    """What a rule raises where it would not be right."""
    return ArchError(CantRewrite(span, f"`{rule.name}` can't rewrite this: {why}", label, helps=helps))


@cache
def rewrites() -> Mapping[str, Rewrite]:
    """Every rewrite by its name."""
    package = import_module("archdsl.rewrite.rules")
    found: dict[str, Rewrite] = {}
    for module in pkgutil.iter_modules(package.__path__):
        for kind in vars(import_module(f"{package.__name__}.{module.name}")).values():
            if isinstance(kind, type) and issubclass(kind, Rewrite) and "name" in vars(kind):
                found[kind.name] = kind()
    return MappingProxyType(dict(sorted(found.items())))


def rule(name: str) -> Rewrite:
    """The rewrite of a name. Raises ArchError with similar names where there is none."""
    known = rewrites()
    if name not in known:
        helps = similar_help(name, known, "a rule") or [f"the rules are {', '.join(known)}"]
        raise ArchError(UnknownRule(None, f"there is no rewrite `{name}`", helps=helps))
    return known[name]
