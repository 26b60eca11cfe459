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
from archdsl.backends.spec import WrittenOut, heading
from archdsl.diagnostics import Source
from archdsl.elaborate.items import read
from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Architecture
from archdsl.layers.reshape import Identity
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.rule import Rewrite, impossible
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
        self.untrue = {each.at for each in failures(draft.program, draft.network)}
        """The figures that are of another network, as one with parameters of its own is."""

    def spec(self) -> str:
        return "\n".join(self.lines()) + "\n"

    def lines(self) -> Iterator[str]:
        file = self.draft.program.file
        first = file.items[0].span.start if file.items else 0
        yield from (comment.text for comment in file.comments if comment.span.start < first)
        network = self.network
        yield from heading(network)
        yield from WrittenOut(network, self.draft.afford).lines()
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
