"""A spec at work: its text, its tree and all its networks, and what has become of the text that it began as."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, lru_cache
from typing import TypeVar

from archdsl.analysis.dataflow import AT_MOST, Dataflow, dataflow, targets
from archdsl.analysis.instances import Instance, instances_of
from archdsl.diagnostics import ArchError, Diagnostic, Source, Span
from archdsl.elaborate.architecture import elaborate
from archdsl.elaborate.binding import split_digits
from archdsl.elaborate.items import read
from archdsl.elaborate.program import Program
from archdsl.ir.marks import Path
from archdsl.ir.nodes import Architecture
from archdsl.rewrite.text import Change, changed
from archdsl.syntax import parse, tree

Kind = TypeVar("Kind", bound=tree.Node)

Place = tuple[str, int]
"""Where a layer is written: the file, and the offset in the text that the rewrite began with."""


ROUNDS = 200
"""How many changes a rule may make one after another: each level of repeats within each other may take one."""


class RewriteTooLong(Diagnostic):
    """A rewrite whose text would be longer than a spec may be, or that takes more steps than it could need."""

    code = "rewrite-too-long"


class Draft:
    """A spec with the networks of all its variants. A change makes a new draft, which knows its way back."""

    def __init__(
        self,
        program: Program,
        chosen: str | None = None,
        origin: Callable[[int], int | None] = lambda position: position,
        network: Architecture | None = None,
    ) -> None:
        self.program = program
        self.chosen = chosen
        """The variant that was asked for, where a rule is about one alone."""
        self.origin = origin
        self._network = network
        self.rounds = 0
        """How many changes have led to it."""
        self.notes: list[str] = []
        """What a person should know of the outcome."""
        self.aliases: dict[int, int] = {}
        """Places whose text another place now serves as well."""

    @property
    def source(self) -> Source:
        return self.program.file.source

    @property
    def networks(self) -> dict[str | None, Architecture]:
        """The network of each variant, or the only one. Raises ArchError where one can't be built."""
        return _networks(self.program)

    @property
    def network(self) -> Architecture:
        """The network that is meant, where a rule is about one alone: with parameters and an input of its own."""
        return self._network or self.networks[self.chosen]

    @property
    def layers(self) -> dict[str | None, tuple[Instance, ...]]:
        """The layers of each variant in the order in which they run."""
        return _layers(self.program)

    @property
    def flows(self) -> dict[str | None, Dataflow]:
        """The flow of tensors of each variant. Raises ArchError where all have more operations than can be meant."""
        return _flows(self.program)

    @cached_property
    def references(self) -> frozenset[Path]:
        """The tensors that anything refers to by their labels, in any variant."""
        found: set[Path] = set()
        for network in self.networks.values():
            found |= targets(network)
        return frozenset(found)

    @property
    def all_layers(self) -> Iterator[Instance]:
        """The layers of all variants."""
        for found in self.layers.values():
            yield from found

    # The tree

    @cached_property
    def parents(self) -> dict[tree.Node, tree.Node]:
        """What each node of the tree stands in."""
        return {child: node for item in self.program.file.items for node in item.walk() for child in node.children}

    @cached_property
    def heads(self) -> dict[int, tree.Head]:
        """The heads of the file by where they begin."""
        return {node.span.start: node for node in self.items(tree.Head)}

    @cached_property
    def nodes(self) -> dict[type[tree.Node], list[tree.Node]]:
        """The nodes of the tree by their class."""
        found: dict[type[tree.Node], list[tree.Node]] = defaultdict(list)
        for item in self.program.file.items:
            for node in item.walk():
                found[type(node)].append(node)
        return found

    def items(self, kind: type[Kind]) -> list[Kind]:
        """The nodes of a class anywhere in the file."""
        return self.nodes.get(kind, [])  # type: ignore[return-value]

    def head(self, layer: Instance) -> tree.Head | None:
        """The head that a layer is written as; None where that isn't one of this file, or a name that stands for it."""
        span = layer.node.span
        found = self.heads.get(span.start) if span.source is self.source else None
        keyword = layer.node.layer.keyword
        return found if found is not None and keyword in (found.name.text, split_digits(found.name.text)[0]) else None

    def is_referenced(self, layer: Instance) -> bool:
        """Whether anything else may read what a layer makes, by its label."""
        return not {path[-1] for path in self.references}.isdisjoint(layer.marks)

    def above(self, node: tree.Node) -> Iterator[tree.Node]:
        """What a node stands in, from the inside out."""
        while node in self.parents:
            node = self.parents[node]
            yield node

    def by_head(self) -> dict[tree.Head, list[Instance]]:
        """The layers of all variants by the head that they are written as, in the order of the text."""
        found: dict[tree.Head, list[Instance]] = defaultdict(list)
        for layer in self.all_layers:
            head = self.head(layer)
            if head is not None:
                found[head].append(layer)
        return dict(sorted(found.items(), key=lambda each: each[0].span.start))

    # Changes

    def change(self, changes: Iterable[Change]) -> Draft:
        """This spec with its text changed. Raises ArchError where the outcome is no spec."""
        made = changed(self.source.text, changes)
        self.afford(len(made.text))
        source = Source(self.source.name, made.text)
        program = read(parse(source), lambda item: self.program.imported[str(item.path.value)])
        before = self.origin

        def origin(position: int) -> int | None:
            here = made.origin(position)
            return None if here is None else before(here)

        draft = Draft(program, self.chosen, origin)
        draft.notes, draft.aliases, draft.rounds = self.notes, self.aliases, self.rounds + 1
        return draft

    def afford(self, length: int) -> None:
        """Raise ArchError for a text of so many letters that no spec may have them, or one change too many."""
        limits = self.program.limits
        if length > limits.bytes:
            why = f"the rewritten text would have more than {limits.bytes} letters"
            raise ArchError(RewriteTooLong(None, why, helps=[limits.help("bytes")]))
        if self.rounds >= ROUNDS:
            raise ArchError(RewriteTooLong(None, f"the rewrite takes more than {ROUNDS} changes one after another"))

    def place(self, layer: Instance) -> Place | None:
        """Where a layer was written before all changes; None for one that a change brought."""
        span = layer.node.span
        if span.source is not self.source:
            return (span.source.name, span.start)
        start = self.origin(span.start)
        return None if start is None else (self.source.name, start)

    def removals(self, heads: Iterable[tree.Head]) -> list[Change]:
        """What takes heads out of the text, and what is then empty around them."""
        gone: set[tree.Node] = set(heads)
        found: dict[tree.Node, Change] = {}
        for head in heads:
            node: tree.Node = head
            while (parent := self.parents.get(node)) is not None and _vanishes(parent, gone):
                gone.add(parent)
                node = parent
            found[node] = self._removal(node, gone)
        return list(found.values())

    def _removal(self, node: tree.Node, gone: set[tree.Node]) -> Change:
        parent = self.parents.get(node)
        if isinstance(parent, tree.Row):
            left = [cell for cell in parent.cells if not isinstance(cell, tree.Empty) and cell not in gone]
            return Change(node.span, ("-",)) if left else Change(parent.span)
        if isinstance(parent, tree.Merge):
            return Change(node.span, ("identity",))
        if isinstance(node, tree.Group) and isinstance(parent, (tree.Block, tree.If, tree.Aux)):
            return Change(node.span, ("[]",))
        return Change(node.span)


# Several rules may be tried on one spec, and a change that concerns no layer asks for them again.
@lru_cache(maxsize=6)
def _networks(program: Program) -> dict[str | None, Architecture]:
    names: Iterable[str | None] = program.variants or (None,)
    return {name: elaborate(program, name) for name in names}


@lru_cache(maxsize=6)
def _flows(program: Program) -> dict[str | None, Dataflow]:
    found: dict[str | None, Dataflow] = {}
    left = AT_MOST
    for name, network in _networks(program).items():
        found[name] = dataflow(network, left)
        left -= len(found[name].operations)
    return found


@lru_cache(maxsize=6)
def _layers(program: Program) -> dict[str | None, tuple[Instance, ...]]:
    return {name: tuple(instances_of(flow).values()) for name, flow in _flows(program).items()}


def _vanishes(node: tree.Node, gone: set[tree.Node]) -> bool:
    """Whether nothing is left of a node without those that are gone."""
    match node:
        case tree.Statement() | tree.After() | tree.LabelledTable():
            return node.body in gone
        case tree.Group():
            return all(item in gone for item in node.items)
        case tree.For():
            return node.body in gone
        case tree.If():
            return _is_empty(node.then, gone) and (node.otherwise is None or _is_empty(node.otherwise, gone))
        case _:
            return False


def _is_empty(node: tree.Node, gone: set[tree.Node]) -> bool:
    return node in gone or (isinstance(node, tree.Group) and not node.items)


def stretch(first: Span, last: Span) -> Span:
    """From the beginning of one stretch to the end of another."""
    return Span(first.source, first.start, last.end)
