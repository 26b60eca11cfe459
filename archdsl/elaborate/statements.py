"""The walk from statements to nodes: what each statement makes of the tensor that arrives.

One walk serves both passes. With numbers it settles every shape; with unknown numbers (the parameters of
a class that several calls share) it runs on expressions, and `decide` says how a condition falls for the
calls at hand.
"""

from __future__ import annotations

from collections.abc import Callable

from archdsl.diagnostics import ArchError, Span
from archdsl.elaborate.auxiliary import aux_into
from archdsl.elaborate.bias import settle_biases
from archdsl.elaborate.binding import Binder
from archdsl.elaborate.blocks import call_into
from archdsl.elaborate.budget import Budget
from archdsl.elaborate.clashes import check_labels, check_names
from archdsl.elaborate.control_flow import choice_into, loop_into
from archdsl.elaborate.expressions import Evaluator, copying, unpack
from archdsl.elaborate.heads import check_keyword, head_into
from archdsl.elaborate.labels import evaluate_template
from archdsl.elaborate.memo import Memo
from archdsl.elaborate.merges import merge_node, unknown_merge
from archdsl.elaborate.program import References
from archdsl.elaborate.references import make_reachable, reference_into
from archdsl.elaborate.repeats import repeat_into, turns_into
from archdsl.elaborate.reserved import check_name
from archdsl.elaborate.sequence import Sequence
from archdsl.elaborate.tables import pick_column
from archdsl.elaborate.witnesses import Witnesses, undecided
from archdsl.ir.names import Kind
from archdsl.ir.nodes import Chain, Merge, Name, Node
from archdsl.ir.values import BlockValue, Labelled, Scope
from archdsl.merges.base import joins
from archdsl.shape import Shape
from archdsl.symbolic import Condition, Expr
from archdsl.syntax import tree


class Elaborator:
    """Turns statements into nodes. `witnesses` settle conditions on unknown numbers."""

    def __init__(
        self,
        block_scope: Callable[[tree.Block], Scope],
        budget: Budget,
        witnesses: Witnesses | None,
        variant: str | None,
        references: References,
        names: dict[tree.Node, tuple[str, ...]],
    ) -> None:
        self.references = references
        """What the spec refers to by labels; where that is nothing, no copy of a repeat needs a name of its own."""
        self.block_scope = block_scope
        self.variant = variant
        self.witnesses = witnesses
        self.decide: Callable[[Condition], bool | None] = witnesses.decide if witnesses else undecided
        self.budget = budget
        self.evaluate = Evaluator(self.decide, budget)
        self.binder = Binder(self.evaluate)
        self.memo = Memo(names)
        self.one_by_one = False
        """Whether turns of a repeat that grow evenly are nodes of their own, on unknown numbers too."""
        self.calls: list[tree.Block] = []
        self.labels_of: dict[Node, dict[str, Labelled]] = {}
        """The tensors inside a node that labels make reachable."""
        self.lets: list[tuple[str, Expr]] = []
        """What was named on unknown numbers, for a class to name it too."""

    def chain(
        self,
        items: tuple[tree.Node, ...],
        scope: Scope,
        x: Shape,
        span: Span,
        container: bool,
        text: tree.Node | None = None,
        kind: Kind = "group",
    ) -> Chain:
        """Statements in sequence as one node."""
        sequence = Sequence(x, scope)
        self.statements(items, sequence, inside=True)
        return self.finish(sequence, span, container, text, scope, kind)

    def finish(
        self,
        sequence: Sequence,
        span: Span,
        container: bool = False,
        text: tree.Node | None = None,
        scope: Scope | None = None,
        kind: Kind = "group",
    ) -> Chain:
        """A sequence as a chain; of a container with its kind. With its text, a class can be built of it."""
        chain = Chain(
            input=sequence.start,
            output=sequence.x,
            span=span,
            origin=self.memo.origin(text, scope) if text is not None and scope is not None else None,
            members=tuple(settle_biases(sequence.members)),
            container=container,
        )
        if container and self.witnesses is None:
            check_names(chain, kind, self.budget.step)
        self.labels_of[chain] = sequence.labels
        return chain

    def container(self, group: tree.Group, scope: Scope, x: Shape) -> Chain:
        """A group as a module of its own."""
        key = ("group", group, self.memo.key(group, scope), x)
        return self.memo.remember(key, lambda: self.chain(group.items, scope, x, group.span, True, group))  # type: ignore[no-any-return]

    def statements(self, items: tuple[tree.Node, ...], sequence: Sequence, inside: bool = False) -> None:
        """Add statements to a chain; what a `let`, `after` or `default` says holds to the end of the group.

        `inside` says that they stand in square brackets, where a further group is a container of its own.
        """
        outer = sequence.scope
        if items:
            with self.budget.deeper(items[0].span):
                for item in items:
                    self.statement(item, sequence, inside)
        sequence.scope = outer.with_labels(sequence.labels)

    def statement(self, item: tree.Node, sequence: Sequence, inside: bool) -> None:
        self.budget.step(item.span)
        match item:
            case tree.Statement():
                self.labelled(item, sequence, inside)
            case tree.LabelledTable():
                self.table(item, sequence)
            case tree.Let():
                self.let(item, sequence)
            case tree.After():
                check_keyword(item.keyword)
                sequence.scope = sequence.scope.with_after(item)
            case tree.Default():
                check_keyword(item.keyword)
                self.budget.step(item.span, 1 + len(sequence.scope.defaults.get(item.keyword.text, ())))
                sequence.scope = sequence.scope.with_default(item)
            case tree.Aux():
                aux_into(self, item, sequence)
            case _:
                raise AssertionError(type(item))

    def let(self, item: tree.Let, sequence: Sequence) -> None:
        for word in item.names:
            check_name(word, "a value")
        value = self.evaluate(item.value, sequence.scope, sequence.x)
        self.budget.step(item.span, copying(sequence.scope))
        if len(item.names) == 1 and isinstance(value, Expr):
            self.lets.append((item.names[0].text, value))
        sequence.scope = sequence.scope.bind(**unpack(item.names, value, item.value.span))

    def labelled(self, item: tree.Statement, sequence: Sequence, inside: bool) -> None:
        if item.repeat is not None:
            repeat_into(self, item, sequence)
        else:
            self.body(item.body, sequence, self.label(item.label, sequence), nested=inside)

    def label(self, template: tree.Template | None, sequence: Sequence) -> Name | None:
        """A label with its holes filled; the index of a repeat may stay open in it."""
        if template is None:
            return None
        return evaluate_template(self.evaluate, template, sequence.scope, sequence.x)

    def body(self, node: tree.Node, sequence: Sequence, label: Name | None, nested: bool = False) -> None:
        """Add one statement's body, under a label or spliced into the chain.

        `nested` makes a group without a label a container of its own, as a group inside a group is.
        """
        before = len(sequence.members)
        if not isinstance(node, (tree.For, tree.If)):
            # What these hold is counted by itself.
            self.budget.layer(node.span)
        match node:
            case tree.Head():
                head_into(self, node, sequence, label)
            case tree.Group():
                if label is None and not nested:
                    self.statements(node.items, sequence, inside=True)
                else:
                    sequence.add(self.container(node, sequence.scope, sequence.x), label)
            case tree.Merge():
                self.merge(node, sequence, label)
            case tree.Reference():
                reference_into(self, node, sequence)
            case tree.For():
                self.container_or_splice(label, node, sequence, lambda s: loop_into(self, node, s))
            case tree.If():
                self.container_or_splice(label, node, sequence, lambda s: choice_into(self, node, s))
            case _:
                raise AssertionError(type(node))
        if label is not None and len(sequence.members) > before:
            make_reachable(self, label, sequence, sequence.members[before], node)

    def container_or_splice(
        self, label: Name | None, node: tree.Node, sequence: Sequence, add: Callable[[Sequence], None]
    ) -> None:
        """Splice into the chain, or under a label make a container of it."""
        if label is None:
            add(sequence)
            return
        inner = Sequence(sequence.x, sequence.scope)
        add(inner)
        sequence.add(self.finish(inner, node.span, True, node, sequence.scope), label)

    def merge(self, node: tree.Merge, sequence: Sequence, label: Name | None) -> None:
        name = node.name.text
        value = sequence.scope.names.get(name)
        if isinstance(value, BlockValue):
            call_into(self, node, value.definition, node.paths, sequence, label)
        elif name in sequence.scope.blocks:
            call_into(self, node, sequence.scope.blocks[name], node.paths, sequence, label)
        elif name in joins():
            scope, x = sequence.scope, sequence.x
            key = ("merge", node, self.memo.key(node, scope), x)
            made = self.memo.remember(key, lambda: merge_node(self, node, scope, x))
            self.budget.elements(node.span, f"the output of `{name}`", made.output.elements)
            sequence.add(made, label)
            if label is None:
                sequence.reach(self.labels_of.get(made, {}))
            elif self.witnesses is None:
                check_labels((member for branch in made.branches for member in branch.members), self.budget.step)
        else:
            raise ArchError(unknown_merge(node, tuple(sequence.scope.blocks)))

    def table(self, item: tree.LabelledTable, sequence: Sequence) -> None:
        label = self.label(item.label, sequence)
        groups = pick_column(self, item.body, sequence.scope)

        def add(inner: Sequence) -> None:
            for group in groups:
                self.statements(group.items, inner)

        before = len(sequence.members)
        self.container_or_splice(label, item.body, sequence, add)
        if label is not None:
            make_reachable(self, label, sequence, sequence.members[before], item)

    def rebuild(self, text: tree.Node, scope: Scope, x: Shape, inside: bool = True) -> Chain | Merge:
        """The node of a text that stood somewhere else before, now where `x` arrives: the body of a class."""
        if isinstance(text, tree.Merge):
            return merge_node(self, text, scope, x)
        sequence = Sequence(x, scope, branch=not inside)
        match text:
            case tree.Block():
                self.statements(text.body.items, sequence, inside=True)
            case tree.Group():
                self.statements(text.items, sequence, inside)
            case tree.Statement():
                turns_into(self, text, sequence)
            case tree.Table():
                for group in pick_column(self, text, scope):
                    self.statements(group.items, sequence)
            case _:
                self.body(text, sequence, None)
        return self.finish(sequence, text.span, container=True)
