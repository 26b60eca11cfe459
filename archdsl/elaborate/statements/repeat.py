"""`×n`: turns of a repeat, kept as runs of equal turns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Label, Remedy
from archdsl.elaborate.bias import settle_turns
from archdsl.elaborate.elaborator import Elaborator, StatementKind
from archdsl.elaborate.expressions import BadOperands
from archdsl.elaborate.reserved import check_name
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.free_names import free_names, inner_labels_need, values_need
from archdsl.ir.nodes import Chain, Name, Repeat, Run
from archdsl.ir.values import Labelled, Scope, describe
from archdsl.layers.window import ShapeTooSmall
from archdsl.shape import Dim, Shape
from archdsl.symbolic import Expr, NeedsValue, compare, substitute, symbol, symbols
from archdsl.syntax import tree


class ShadowedIndex(Diagnostic):
    """A repeat inside another uses the same name for its index."""

    code = "shadowed-index"
    bad = "arch net\ninput 3x8x8\n[ [conv3-4] x2 as i ] x2 as i\n"
    mended = "arch net\ninput 3x8x8\n[ [conv3-4] x2 as j ] x2 as i\n"


def repeat_into(elaborator: Elaborator, item: tree.Statement, sequence: Sequence) -> None:
    """Add a repeated statement to a chain: as a container under its label, or spliced.

    A label that uses the repeat's own index names each copy instead.
    """
    repeat = item.repeat
    assert repeat is not None
    turns = Turns(elaborator, item, repeat, sequence.scope)
    if item.label is None or turns.labelled:
        node = turns.build(sequence.x)
        if node is not None:
            sequence.add(node)
            for run in node.runs:
                sequence.reach(elaborator.labels_of.get(run.node, {}))
        return
    label = elaborator.label(item.label, sequence)
    assert label is not None
    scope, x = sequence.scope, sequence.x
    key = ("repeat", item, elaborator.memo.key(item, scope), x)

    def make() -> Chain:
        inner = Sequence(x, scope)
        turns_into(elaborator, item, inner)
        return elaborator.finish(inner, item.span, True, item, scope)

    sequence.add(elaborator.memo.remember(key, make), label)
    elaborator.make_reachable(label, sequence, sequence.members[-1], item)


def turns_into(elaborator: Elaborator, item: tree.Statement, sequence: Sequence) -> None:
    """Add the turns of a labelled repeat to the container that the label makes."""
    assert item.repeat is not None
    turns = Turns(elaborator, item, item.repeat, sequence.scope)
    turns.nested = True
    node = turns.build(sequence.x)
    if node is not None:
        sequence.add(node)


_INDICES = ("i", *(f"i{number}" for number in range(2, 1000)))
"""What turns are counted by that have no index."""


class Turns:
    """Builds the turns of one repeat."""

    def __init__(self, elaborator: Elaborator, item: tree.Statement, repeat: tree.Repeat, scope: Scope) -> None:
        self.elaborator = elaborator
        self.item = item
        self.repeat = repeat
        self.scope = scope
        self.index = repeat.index.text if repeat.index else None
        if repeat.index is not None:
            check_name(repeat.index, "a value")
        if self.index is not None and self.index in scope.names and isinstance(scope.names[self.index], (int, Expr)):
            assert repeat.index is not None
            raise ArchError(
                ShadowedIndex(
                    repeat.index.span,
                    f"`{self.index}` is already the name of a number here",
                    "shadows it",
                    helps=["choose another name for the index"],
                )
            )
        self.labelled = (
            self.index is not None
            and item.label is not None
            and any(self.index in free_names(part) for part in item.label.parts if isinstance(part, tree.Node))
        )
        self.nested = False
        self.sizes: list[Shape] = []
        self.last: Shape | None = None
        """What leaves the last turn, where that is no copy of the first."""

    @cached_property
    def mentioned(self) -> frozenset[str]:
        """The names in the text of a turn, the index among them."""
        label = self.item.label
        return free_names(self.item.body) | (free_names(label) if label is not None else frozenset())

    @cached_property
    def counted(self) -> frozenset[str]:
        """The indices of repeats inside, by none of which the turns of this one may be counted."""
        inner = (each.index for each in self.item.body.walk() if isinstance(each, tree.Repeat))
        return frozenset(word.text for word in inner if word is not None)

    @cached_property
    def needs_index(self) -> bool:
        """Whether a turn is built for its number, and not once for all."""
        if self.index is None:
            return False
        if self.elaborator.references and self.index in self.mentioned:
            return True
        inside = self.nested or self.labelled
        return values_need(self.item.body, self.index) or inner_labels_need(self.item.body, self.index, inside)

    def build(self, x: Shape) -> Repeat | None:
        """The repeat as a node where `x` arrives; None if there are no turns."""
        count = self.count(x)
        runs = self.open_runs(count, x) if self.elaborator.witnesses else None
        if runs is None:
            if isinstance(count, Expr):
                raise NeedsValue(count)
            runs = self.counted_runs(count, x)
        if not runs:
            return None
        runs = settle_turns(runs)
        return Repeat(
            input=x, output=self.behind(runs[-1]), span=self.item.span, count=count, index=self.index, runs=tuple(runs)
        )

    def behind(self, run: Run) -> Shape:
        """What leaves the last turn of a run."""
        output = self.last or run.node.output
        if run.turn is None:
            return output
        return output.with_channels(substitute(output.channels, {run.turn: run.count - 1}))

    def count(self, x: Shape) -> Dim:
        value = self.elaborator.evaluate(self.repeat.count, self.scope, x)
        if isinstance(value, Expr):
            return value
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ArchError(
                BadOperands(
                    self.repeat.count.span, f"a repeat needs a whole number of at least 0, got {describe(value)}"
                )
            )
        return value

    def turn(self, number: Dim | None, x: Shape) -> Chain:
        """One turn; without a number it is a turn whose index is left open."""
        scope = self.scope
        if self.index is not None:
            scope = scope.bind(**{self.index: symbol(self.index, "turn") if number is None else number})
        known = self.elaborator.memo.key(self.item, scope, () if self.index is None else (self.index,))
        key = ("turn", self.item, self.nested, known, x)
        return self.elaborator.memo.remember(key, lambda: self._turn(scope, x))  # type: ignore[no-any-return]

    def _turn(self, scope: Scope, x: Shape) -> Chain:
        inner = Sequence(x, scope)
        label: Name | None = self.elaborator.label(self.item.label, inner) if self.labelled else None
        self.elaborator.body(self.item.body, inner, label, nested=self.nested)
        return self.elaborator.finish(inner, self.item.span)

    def counted_runs(self, count: int, x: Shape) -> list[Run]:
        """A run ends where the shape changes; an equal turn on an equal shape is not built again."""
        runs: list[Run] = []
        turn = 0
        while turn < count:
            self.sizes.append(x)
            try:
                node = self.turn(turn if self.needs_index else None, x)
            except ArchError as error:
                self.explain(error, turn, count)
                raise
            times = 1
            if not self.needs_index and node.output == x:
                times = count - turn
            if runs and runs[-1].node is node:
                runs[-1] = Run(count=runs[-1].count + times, node=node)
            else:
                runs.append(Run(count=times, node=node))
            x = node.output
            turn += times
            self.reach(self.elaborator.labels_of[node])
        return runs

    def reach(self, labels: Mapping[str, Labelled]) -> None:
        """Let later turns refer to the tensors of this one, as those of a `for` do."""
        if self.needs_index and labels and self.elaborator.references:
            self.elaborator.budget.step(self.item.span, len(self.scope.labels))
            self.scope = self.scope.with_labels(labels)

    def open_runs(self, count: Dim, x: Shape) -> list[Run] | None:
        """Runs whose text serves every turn: all turns, the first and the others, or turns that grow evenly.

        None where there is no such form and the turns have to be built one by one.
        """
        if self.needs_index:
            return None
        if isinstance(count, Expr):
            some = self.elaborator.decide(compare(">=", count, 1))  # type: ignore[arg-type]
            if some is None:
                return None
            count = count if some else 0
        if count == 0:
            return []
        first = self.turn(None, x)
        if alike(first.output, x) or count == 1:
            self.last = self.after(first, count)
            return [Run(count=count, node=first)]
        second = self.turn(None, first.output)
        if alike(second.output, first.output):
            self.last = self.after(second, count - 1)
            return [Run(count=1, node=first), Run(count=count - 1, node=second)]
        return self.growing(count, x, first)

    def growing(self, count: Dim, x: Shape, first: Chain) -> list[Run] | None:
        """One run whose channels grow by the same number each turn, as in a dense block."""
        witnesses = self.elaborator.witnesses
        growth = first.output.channels - x.channels
        if witnesses is None or self.elaborator.one_by_one or not alike(first.output.with_channels(x.channels), x):
            return None
        turn = self.index or next(each for each in _INDICES if each not in self.counted)
        if turn in self.scope.names:
            return None
        number = symbol(turn)
        before = x.channels + number * growth
        try:
            with witnesses.turns(turn, count):
                node = self.turn(None, x.with_channels(before))
        except NeedsValue as need:
            if turn in {each.name for each in symbols(*need.expressions)}:
                # Something in it asks which turn it is.
                return None
            raise
        if node.output.channels != before + growth:
            return None
        return [Run(count=count, node=node, turn=turn)]

    def after(self, node: Chain, count: Dim) -> Shape:
        """What leaves so many turns that are alike but for open sizes, which each may shrink further."""
        output = node.output
        turn: Dim = 1
        while turn != count:
            before = output
            output = self.turn(None, before).output
            if output == before:
                break
            if isinstance(count, Expr):
                raise NeedsValue(count)
            turn += 1
        return output

    def explain(self, error: ArchError, turn: int, count: int) -> None:
        """Say in which repeat it went wrong, and the sizes on the way."""
        for diagnostic in error.diagnostics:
            if diagnostic.at is None or count < 2:
                continue
            if f"{self.sizes[-1]} arrives here" == diagnostic.label:
                diagnostic.label += f" in repeat {turn + 1} of {count}"
            elif len(diagnostic.labels) < 4:
                diagnostic.labels = (*diagnostic.labels, Label(self.repeat.span, f"in repeat {turn + 1} of {count}"))
            if isinstance(diagnostic, ShapeTooSmall) and turn > 0:
                way = ", ".join(str(min(size.spatial, key=str, default=size.dims[0])) for size in self.sizes[:12])
                diagnostic.notes = (*diagnostic.notes, f"sizes before each repeat: {way}")
                diagnostic.helps = (
                    f"repeat at most {turn} time{'s' if turn > 1 else ''}, or start from a larger input",
                )
                if isinstance(self.repeat.count, tree.Literal):
                    diagnostic.remedies = (Remedy((Edit(self.repeat.count.span, str(turn)),)),)


def alike(left: Shape, right: Shape) -> bool:
    """Whether two shapes differ at most in sizes that are unknown, which no class depends on."""
    if left.layout is not right.layout or left.channels != right.channels or left.rank != right.rank:
        return False
    return all(
        a == b or (isinstance(a, Expr) and isinstance(b, Expr))
        for a, b in zip(left.spatial, right.spatial, strict=True)
    )


class LabelledStatement(StatementKind[tree.Statement]):
    """A body with its label, once or several times."""

    of = tree.Statement

    def add(self, elaborator: Elaborator, item: tree.Statement, sequence: Sequence, inside: bool) -> None:
        if item.repeat is not None:
            repeat_into(elaborator, item, sequence)
        else:
            elaborator.body(item.body, sequence, elaborator.label(item.label, sequence), nested=inside)

    def rebuild(self, elaborator: Elaborator, item: tree.Statement, sequence: Sequence) -> None:
        turns_into(elaborator, item, sequence)
