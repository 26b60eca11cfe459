"""One network written out: no blocks, no repeats, no `after`, every number settled.

>>> import archdsl
>>> before = "arch net  input 3x8x8  block unit(c) = [conv: conv3-{c} bn: bn relu]  layer: unit(8) x2  gap fc: fc-10"
>>> print(archdsl.loads(before).rewrite("unfold").text)
arch net
input 3x8x8
layer: [[conv: conv3-8  bn: bn  relu] [conv: conv3-8  bn: bn  relu]]
gap
fc: fc-10
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archdsl.analysis.dataflow import dataflow
from archdsl.analysis.expectations import failures
from archdsl.analysis.instances import Instance
from archdsl.diagnostics import Source
from archdsl.elaborate.bias import starts_with_norm
from archdsl.elaborate.items import read
from archdsl.elaborate.program import Program
from archdsl.ir.names import Entry, Inside, Kind, Turns, as_container, has_state, is_open, names, style
from archdsl.ir.nodes import Architecture, Aux, Call, Chain, LayerNode, Member, Merge, Node, Reference, Repeat, at, text
from archdsl.layers.base import Layer, written
from archdsl.layers.biased import BiasedLayer
from archdsl.layers.reshape import Identity
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.labels import Labels, can_be_referred_to
from archdsl.rewrite.rule import Rewrite, impossible
from archdsl.shape import Dim
from archdsl.syntax import parse, tree


class Unfold(Rewrite):
    """The network of one variant, with everything written out that the text of the spec says once for many places.

    Blocks become groups where they are called, repeats their turns, `after` what follows each layer; holes become
    numbers. Every weight keeps its name. What no longer has a place goes: parameters and `let`, other variants, and the
    comments but those ahead of `arch`. So each layer has a text of its own, which other rewrites can change singly.
    """

    name = "unfold"
    exact = True
    writes_out = True
    keeps_names = True
    ways_out = ()

    def rewrite(self, draft: Draft, at: str | None, **switches: bool) -> Draft:
        if at is not None:
            raise impossible(
                self, None, "it writes out a whole network, and has no single places", "", "leave out `--at`"
            )
        # What is written must be a spec again, whose layers are counted one by one.
        dataflow(draft.network, draft.program.limits.layers)
        source = Source(draft.source.name, _Writer(draft).spec())
        made = Draft(read(parse(source), _no_library), None, lambda position: None)
        made.notes = draft.notes
        return made

    def paired(
        self, before: Draft, draft: Draft, old: Sequence[Instance], new: Sequence[Instance]
    ) -> dict[Instance, Instance]:
        """Layers in the order in which they run; an identity is nothing, and may have come for a label."""
        olds, news = ([each for each in both if not isinstance(each.node.layer, Identity)] for both in (old, new))
        return dict(zip(news, olds, strict=False))


def _no_library(item: tree.Import) -> Program:
    raise AssertionError(f"an unfolded spec brings nothing from {item.path.value}")


class _Writer:
    """Writes the text of a settled network."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.network: Architecture = draft.network
        self.labels = Labels(self.network)
        self.length = 0
        self.untrue = {each.at for each in failures(draft.program, draft.network)}
        """The figures that are of another network, as one with parameters of its own is."""

    def spec(self) -> str:
        return "\n".join(self.lines()) + "\n"

    def lines(self) -> Iterator[str]:
        file = self.draft.program.file
        first = file.items[0].span.start if file.items else 0
        yield from (comment.text for comment in file.comments if comment.span.start < first)
        network = self.network
        yield f"arch {network.name}"
        yield f"input {'x'.join(map(str, network.input.dims))}"
        for initial in network.initials:
            yield f"init {initial.target} {written(initial.rule)}"
        if network.initials:
            yield ""
        body = network.body
        yield from self.members(body.members, names(body, style(body, "top")), {}, "top", False)
        yield ""
        yield from self.figures()

    def figures(self) -> Iterator[str]:
        """What the spec expects of this network, and the row of its variant without the parameters."""
        text = self.draft.source.text
        for item in self.draft.program.expects:
            names_used = any(isinstance(node, tree.Name) for node in item.value.walk())
            if not names_used and item.value.span not in self.untrue:
                yield text[item.span.start : item.span.end]
        table = next(iter(self.draft.items(tree.Variants)), None)
        variant = self.draft.program.variants.get(self.draft.chosen or "")
        if table is None or variant is None:
            return
        row = next(row for row in table.rows if row.span == variant.span)
        columns = [
            (word.text, cell.span.text)
            for word, cell in zip(table.header, row.cells, strict=True)
            if cell.span not in self.untrue
            if word.text == "name"
            or (word.text.startswith(("expect ", "report ")) and not isinstance(cell, tree.Empty))
        ]
        yield ""
        yield "variants"
        yield f"| {' | '.join(name for name, _ in columns)} |"
        yield f"|{'|'.join('---' for _ in columns)}|"
        yield f"| {' | '.join(cell for _, cell in columns)} |"

    # Statements

    def members(
        self, members: Sequence[Member], entries: tuple[Entry, ...], values: dict[str, Dim], kind: Kind, numbered: bool
    ) -> Iterator[str]:
        """The members of a container; `numbered` says that those without a label go by their position."""
        shifted = False
        for place, (member, entry) in enumerate(zip(members, entries, strict=True)):
            node, rest = member.node, members[place + 1 :]
            marks = self.labels.wanted(member)
            if isinstance(node, Repeat):
                assert isinstance(entry, Inside)
                yield from self.repeat(node, entry, values, kind, numbered)
                said = ""
            elif isinstance(node, Aux):
                said = text(member.label or ())
                yield f"aux {said} from @{self.labels.spelled(node.target)} {self.alone(node.body, ())}"
            elif isinstance(entry, Inside):
                assert isinstance(node, Merge)
                yield from self.merge(node, entry, values)
                said = ""
            else:
                named = member.label is not None or shifted or (not numbered and has_state(node))
                said = text(at(entry, **values)) if named else ""
                if marks and not said and not has_state(node):
                    said = self.labels.new(marks[0], member)
                aliased = bool(marks) and not can_be_referred_to(said)
                yield self.afford(f"{_label(said)}{self.node(node, () if aliased else rest, said != '')}")
            if marks and can_be_referred_to(said):
                self.labels.called |= dict.fromkeys(marks, said)
            elif marks:
                # What can't go by a label of its own is handed on by one that can, which takes a number.
                alias = self.labels.new(marks[0], member)
                self.labels.called |= dict.fromkeys(marks, alias)
                yield f"{alias}: identity"
                shifted = numbered

    def afford(self, line: str) -> str:
        """A piece of the text, counted. Raises ArchError where the whole would be longer than a spec may be."""
        self.length += len(line) + 1
        self.draft.afford(self.length)
        return line

    def repeat(
        self,
        node: Repeat,
        inside: Inside,
        values: dict[str, Dim],
        kind: Kind,
        numbered: bool,
    ) -> Iterator[str]:
        start = 0
        for run, turns in zip(node.runs, inside.parts, strict=True):
            assert isinstance(turns, Turns)
            assert isinstance(run.count, int)
            for number in range(run.count) if run.node.members else ():
                here: dict[str, Dim] = {**values, str(turns.turn): number}
                if node.index is not None:
                    here[node.index] = start + number
                yield from self.members(run.node.members, turns.entries, here, kind, numbered)
            start += run.count

    def node(self, node: Node, rest: Sequence[Member], labelled: bool) -> str:
        match node:
            case LayerNode():
                return _layer(node.layer, starts_with_norm(list(rest)))
            case Call():
                return self.container(node.body, "block", labelled)
            case Chain():
                return self.container(node, "group", labelled)
            case Reference():
                return f"@{self.labels.spelled(node.target)}"
            case Merge() if is_open(node):
                (entry,) = names(as_container(node), "named")
                assert isinstance(entry, Inside)
                return " ".join(self.merge(node, entry, {}))
            case Merge():
                return self.plain_merge(node)
        raise AssertionError(f"a settled network has no {type(node).__name__}")

    def alone(self, node: Node, rest: Sequence[Member]) -> str:
        """What makes an auxiliary output, which needs no second pair of brackets to be a container."""
        return self.node(node, rest, labelled=True)

    def container(self, chain: Chain, kind: Kind, labelled: bool) -> str:
        """A group that is a module of its own: with a label, or as a group inside another."""
        chosen = style(chain, kind)
        entries = names(chain, chosen)
        spliced, self.outside = self.outside, False
        try:
            inner = " ".join(self.members(chain.members, entries, {}, kind, chosen == "numbered"))
        finally:
            self.outside = spliced
        return f"[[{inner}]]" if spliced and not labelled else f"[{inner}]"

    outside = True
    """Whether a group without a label would be spliced here, as at the top and in a branch."""

    def merge(self, node: Merge, inside: Inside, values: dict[str, Dim]) -> Iterator[str]:
        """A merge whose labels belong to the container around it."""
        branches = []
        for branch, entries in zip(node.branches, inside.parts, strict=True):
            assert not isinstance(entries, Turns)
            branches.append(self.branch(branch, entries, values, False))
        yield from self.joined(node, branches)

    def plain_merge(self, node: Merge) -> str:
        branches = [self.branch(branch, names(branch, "numbered"), {}, True) for branch in node.branches]
        return " ".join(self.joined(node, branches))

    def branch(self, branch: Chain, entries: tuple[Entry, ...], values: dict[str, Dim], numbered: bool) -> str:
        outer, self.outside = self.outside, True
        try:
            # A branch without layers, as an `if` may leave it, is said in a word.
            return " ".join(self.members(branch.members, entries, values, "group", numbered)) or "identity"
        finally:
            self.outside = outer

    def joined(self, node: Merge, branches: list[str]) -> Iterator[str]:
        if node.is_left_out:
            # Nothing is added, and a group in its place would have other names inside.
            branches = [*branches, "optional"]
        arguments = node.join.written.removeprefix(node.kind)
        yield f"{node.kind}<{' | '.join(branches)}>{arguments}"


def _label(name: str) -> str:
    if not name:
        return ""
    plain = name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()
    return f"{name}: " if plain else f'"{name}": '


def _layer(layer: Layer, normed: bool) -> str:
    """A layer with all that its class wouldn't have by itself, whoever said it."""
    fields = type(layer).model_fields
    said = {name for name, info in fields.items() if info.is_required() or getattr(layer, name) != info.default}
    if isinstance(layer, BiasedLayer) and layer.bias is False and normed:
        said.discard("bias")
    if isinstance(layer, BiasedLayer) and layer.bias is True and not normed:
        said.discard("bias")
    copy = layer.model_copy()
    copy.model_fields_set.clear()
    copy.model_fields_set.update(said)
    return written(copy)
