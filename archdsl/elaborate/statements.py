"""The walk from statements to nodes: what each statement makes of the tensor that arrives.

One walk serves both passes. With numbers it settles every shape; with unknown numbers (the parameters of
a class that several calls share) it runs on expressions, and `decide` says how a condition falls for the
calls at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Label, Span
from archdsl.elaborate.auxiliary import aux_into
from archdsl.elaborate.bias import settle_biases
from archdsl.elaborate.binding import Binder, find_layer, is_bare, split_digits, unknown_layer
from archdsl.elaborate.budget import Budget, shown
from archdsl.elaborate.calls import CallArguments, Recursion
from archdsl.elaborate.clashes import check_labels
from archdsl.elaborate.expressions import BadOperands, Evaluator, copying, items_of, unpack
from archdsl.elaborate.free_names import free_names
from archdsl.elaborate.labels import LabelTwice, evaluate_template, unknown_label
from archdsl.elaborate.merges import MERGES, join_shapes, merge_node, unknown_merge
from archdsl.elaborate.repeats import repeat_into, turns_into
from archdsl.elaborate.reserved import check_name
from archdsl.elaborate.sequence import Origin, Sequence
from archdsl.elaborate.tables import pick_column
from archdsl.elaborate.values import BlockValue, Identities, LayerValue, PathValue, Scope, Value, describe
from archdsl.elaborate.witnesses import Witnesses
from archdsl.ir.nodes import Call, Chain, Choice, LayerNode, Member, Merge, Name, Node, Reference
from archdsl.layers.base import Layer, keywords
from archdsl.shape import Dim, Shape
from archdsl.symbolic import Condition, Expr, NeedsValue, negate
from archdsl.syntax import tree

MAX_MARKS = 1000
"""The most labels inside one module that `@a.b.c` can reach: blocks within blocks could have countless."""


class MisplacedReference(Diagnostic):
    """A `@label` elsewhere than at the beginning of a branch, where it would throw away what arrives."""

    code = "misplaced-reference"
    bad = "arch net\ninput 3x8x8\na: conv3-3\nconcat<relu @a | identity>\n"
    mended = "arch net\ninput 3x8x8\na: conv3-3\nconcat<@a relu | identity>\n"


class TensorTooLarge(Diagnostic):
    """A tensor or a layer's parameters that no machine holds, which only a mistyped or hostile spec asks for."""

    code = "tensor-too-large"
    bad = "arch net\ninput 3x8x8\nconv3-{10 ** 30}\n"
    mended = "arch net\ninput 3x8x8\nconv3-{10 ** 3}\n"


class MisplacedWord(Diagnostic):
    """`project` or `optional` outside the second branch of a residual."""

    code = "misplaced-shortcut"
    bad = "arch net\ninput 8x4x4\nresidual<conv3-8 project>\n"
    mended = "arch net\ninput 8x4x4\nresidual<conv3-8 | project>\n"


class Elaborator:
    """Turns statements into nodes. `witnesses` settle conditions on unknown numbers."""

    def __init__(
        self,
        block_scope: Callable[[tree.Block], Scope],
        budget: Budget,
        witnesses: Witnesses | None = None,
        variant: str | None = None,
        references: bool = True,
    ) -> None:
        self.references = references
        """Whether the spec has any `@label`; where it has none, no copy of a repeat needs a name of its own."""
        self.block_scope = block_scope
        self.variant = variant
        self.witnesses = witnesses
        self.decide: Callable[[Condition], bool | None] = witnesses.decide if witnesses else _undecided
        self.budget = budget
        self.evaluate = Evaluator(self.decide, budget)
        self.binder = Binder(self.evaluate)
        self.memo: dict[Any, Any] = {}
        self.identities = Identities()
        self.calls: list[tree.Block] = []
        self.marks_of: dict[Node, dict[str, Shape]] = {}
        self.lets: list[tuple[str, Expr]] = []
        """What was named on unknown numbers, for a class to name it too."""
        self.bindings_cache: dict[tree.Node, tuple[str, ...]] = {}

    # Names

    def free(self, node: tree.Node, blocks: Mapping[str, tree.Block]) -> tuple[str, ...]:
        """The free names of a text and of those of its file's `blocks` that it calls, in the order of the alphabet."""
        if node not in self.bindings_cache:
            names = set(free_names(node))
            pending = [name for name in names if name in blocks]
            seen: set[str] = set()
            while pending:
                name = pending.pop()
                if name in seen:
                    continue
                seen.add(name)
                block = blocks[name]
                if block.span.source is not node.span.source:
                    # An imported block sees nothing of this file.
                    continue
                own = {each.name.text for each in block.parameters} | {each.text for each in block.layers}
                more = free_names(block.body) - own
                pending += [each for each in more if each in blocks]
                names |= more
            self.bindings_cache[node] = tuple(sorted(names))
        return self.bindings_cache[node]

    def key(self, text: tree.Node, scope: Scope, more: Iterable[str] = ()) -> Any:
        """What a memo must know of a scope for a text, and for the further names."""
        return scope.key((*more, *self.free(text, scope.blocks)), self.identities)

    def origin(self, text: tree.Node, scope: Scope, inside: bool = True) -> Origin:
        bound = tuple((name, scope.names[name]) for name in self.free(text, scope.blocks) if name in scope.names)
        return Origin(text, scope, bound, inside)

    def remember(self, key: Any, make: Callable[[], Any]) -> Any:
        """One node for equal text, names and input."""
        if key not in self.memo:
            self.memo[key] = make()
        return self.memo[key]

    def layer_value(self, head: tree.Head, scope: Scope, x: Shape) -> LayerValue | None:
        """A head as a layer to hand over, if it names a keyword and nothing is to follow it."""
        name = head.name.text
        if name in scope.names or name in scope.blocks:
            return None
        kind, _ = find_layer(head)
        if kind.keyword in scope.afters:
            return None
        fields = self.binder.fields(head, scope, x)
        return LayerValue(kind.keyword, tuple((field, value) for field, (value, _) in fields.items()), head.span)

    # Statements

    def chain(
        self,
        items: tuple[tree.Node, ...],
        scope: Scope,
        x: Shape,
        span: Span,
        container: bool,
        text: tree.Node | None = None,
    ) -> Chain:
        """Statements in sequence as one node."""
        sequence = Sequence(x, scope)
        self.statements(items, sequence, inside=True)
        return self.finish(sequence, span, container, text, scope)

    def finish(
        self,
        sequence: Sequence,
        span: Span,
        container: bool = False,
        text: tree.Node | None = None,
        scope: Scope | None = None,
    ) -> Chain:
        """A sequence as a chain. With the text it was made from, a class can be built of it."""
        if container and self.witnesses is None:
            check_labels(sequence.members)
        chain = Chain(
            input=sequence.start,
            output=sequence.x,
            span=span,
            origin=self.origin(text, scope) if text is not None and scope is not None else None,
            members=tuple(settle_biases(sequence.members)),
            container=container,
        )
        self.marks_of[chain] = sequence.marks
        return chain

    def container(self, group: tree.Group, scope: Scope, x: Shape) -> Chain:
        """A group as a module of its own."""
        key = ("group", group, self.key(group, scope), x)
        return self.remember(key, lambda: self.chain(group.items, scope, x, group.span, True, group))  # type: ignore[no-any-return]

    def statements(self, items: tuple[tree.Node, ...], sequence: Sequence, inside: bool = False) -> None:
        """Add statements to a chain; what a `let`, `after` or `default` says holds to the end of the group.

        `inside` says that they stand in square brackets, where a further group is a container of its own.
        """
        outer = sequence.scope
        if items:
            with self.budget.deeper(items[0].span):
                for item in items:
                    self.statement(item, sequence, inside)
        sequence.scope = outer.with_marks(sequence.marks)

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
                self.head(node, sequence, label)
            case tree.Group():
                if label is None and not nested:
                    self.statements(node.items, sequence, inside=True)
                else:
                    sequence.add(self.container(node, sequence.scope, sequence.x), label)
            case tree.Merge():
                self.merge(node, sequence, label)
            case tree.Reference():
                self.reference(node, sequence)
            case tree.For():
                self.container_or_splice(label, node, sequence, lambda s: self.loop(node, s))
            case tree.If():
                self.container_or_splice(label, node, sequence, lambda s: self.choice(node, s))
            case _:
                raise AssertionError(type(node))
        if label is not None and len(sequence.members) > before:
            self.mark(label, sequence, sequence.members[before], node)

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

    def mark(self, label: Name, sequence: Sequence, member: Member, node: tree.Node) -> None:
        """Make a label, and the labels inside what it names, reachable from what follows."""
        if len(label) != 1 or not isinstance(label[0], str):
            return
        name = label[0]
        if name in sequence.marks:
            raise ArchError(
                LabelTwice(
                    node.span,
                    f"the label `{name}` is given twice",
                    "the second of that name",
                    helps=["give each its own name"],
                )
            )
        last = sequence.members[-1]
        sequence.members[-1] = Member(label=last.label, node=last.node, marks=(*last.marks, name))
        # Labels inside a block stay inside it: what it is built of is its own business.
        inner_marks = {} if isinstance(member.node, Call) else self.marks_of.get(member.node, {})
        inside = islice(inner_marks.items(), MAX_MARKS)
        sequence.mark({name: sequence.x, **{f"{name}.{inner}": shape for inner, shape in inside}})

    def head(self, head: tree.Head, sequence: Sequence, label: Name | None) -> None:
        """A layer, a call of a block, or a parameter that holds one of them."""
        name = head.name.text
        scope, x = sequence.scope, sequence.x
        value = scope.names.get(name)
        if isinstance(value, PathValue):
            self.handed_over(head, value, sequence, label)
            return
        if isinstance(value, BlockValue):
            self.call(head, value.definition, (), sequence, label)
            return
        if isinstance(value, LayerValue):
            self.layer(self.binder.bind_value(value, value.span or head.span, scope, x), head, sequence, label)
            return
        if name in scope.blocks:
            self.call(head, scope.blocks[name], (), sequence, label)
            return
        if name in ("project", "optional"):
            members = sequence.branch and sequence.members
            raise ArchError(
                MisplacedWord(
                    head.span,
                    f"`{name}` belongs behind the bar of a residual",
                    "in the main path",
                    helps=[f"put a bar ahead of it: `residual<… | {name}>`"],
                    fixes=[Edit(head.span.source.span(head.span.start, head.span.start), "| ")] if members else [],
                )
            )
        self.known(head, scope)
        key = ("layer", head, self.key(head, scope), x)
        node = self.remember(key, lambda: self.layer_node(self.binder.bind(head, scope, x), head, x))
        sequence.add(node, label)
        self.afterwards(node.layer, head, sequence)

    def known(self, head: tree.Head, scope: Scope) -> None:
        """Raise if a head names nothing, with blocks and parameters among what it may have meant."""
        name = head.name.text
        if name in keywords() or split_digits(name)[0] in keywords():
            return
        if name in scope.names:
            raise ArchError(
                BadOperands(
                    head.name.span, f"`{name}` is {describe(scope.names[name])}, not a layer", "a layer is needed here"
                )
            )
        raise ArchError(unknown_layer(head, keywords(), tuple(scope.blocks)))

    def layer(self, layer: Layer, head: tree.Head, sequence: Sequence, label: Name | None) -> None:
        node = self.layer_node(layer, head, sequence.x)
        sequence.add(node, label)
        self.afterwards(layer, head, sequence)

    def layer_node(self, layer: Layer, head: tree.Head, x: Shape) -> LayerNode:
        with self.placed(head.span):
            layer.check(x)
            output = layer.output(x)
            for what, number in (("the output", output.elements), ("the weights", layer.parameters(x))):
                self.check_elements(f"{what} of `{layer.keyword}`", number, head.span)
            return LayerNode(input=x, output=output, span=head.span, layer=layer)

    def check_elements(self, what: str, number: Dim, span: Span) -> None:
        """Raise ArchError for a tensor that no machine holds."""
        if isinstance(number, int) and number > self.budget.limits.elements:
            raise ArchError(
                TensorTooLarge(
                    span,
                    f"{what} would hold {shown(number)} numbers",
                    "far too many",
                    helps=[self.budget.limits.help("elements")],
                )
            )

    def afterwards(self, layer: Layer, head: tree.Head, sequence: Sequence) -> None:
        """Add what an `after` in force says, unless the layer is `bare`."""
        after = sequence.scope.afters.get(layer.keyword)
        if after is None or any(is_bare(each) for each in head.arguments):
            return
        outer = sequence.scope
        sequence.scope = outer.without_afters()
        self.body(after.body, sequence, None)
        sequence.scope = outer.with_marks(sequence.marks)

    def handed_over(self, head: tree.Head, value: PathValue, sequence: Sequence, label: Name | None) -> None:
        """Layers from angle brackets, built under the names they were written with."""
        items = value.group.items
        inner = Sequence(sequence.x, value.scope)
        if label is None:
            self.statements(items, inner)
            sequence.members += inner.members
        elif (
            len(items) == 1
            and isinstance(items[0], tree.Statement)
            and items[0].repeat is None
            and items[0].label is None
        ):
            self.body(items[0].body, inner, label)
            sequence.members += inner.members
        else:
            sequence.add(self.container(value.group, value.scope, sequence.x), label)

    def call(
        self,
        text: tree.Head | tree.Merge,
        block: tree.Block,
        paths: tuple[tree.Group, ...],
        sequence: Sequence,
        label: Name | None,
    ) -> None:
        """A block with arguments: the same block on the same arguments and input is one node."""
        scope, x = sequence.scope, sequence.x
        arguments = CallArguments(self, block, text, scope, x, paths).bind()
        sequence.add(self.call_node(block, arguments, x, text.span), label)

    def call_node(self, block: tree.Block, arguments: dict[str, Value], x: Shape, span: Span) -> Call:
        scope = self.block_scope(block).bind(**arguments)
        key = ("call", block, self.key(block, scope, arguments), x)
        return self.remember(key, lambda: self._call_node(block, arguments, scope, x, span))  # type: ignore[no-any-return]

    def _call_node(self, block: tree.Block, arguments: dict[str, Value], scope: Scope, x: Shape, span: Span) -> Call:
        if block in self.calls:
            way = " → ".join(each.name.text for each in [*self.calls[self.calls.index(block) :], block])
            raise ArchError(
                Recursion(
                    block.name.span,
                    f"`{block.name.text}` is built of itself: {way}",
                    "defined here",
                    labels=[Label(span, "called here")],
                    helps=["build it several times with a repeat, `block x3`, or of another block"],
                )
            )
        self.budget.call(span)
        self.calls.append(block)
        try:
            with self.called_from(span):
                body = self.chain(block.body.items, scope, x, block.body.span, True)
        finally:
            self.calls.pop()
        others = tuple(
            (name, scope.names[name])
            for name in self.free(block, scope.blocks)
            if name in scope.names and name not in arguments
        )
        node = Call(
            input=x,
            output=body.output,
            span=span,
            origin=Origin(block, scope, (*arguments.items(), *others)),
            block=block.name.text,
            arguments=tuple(arguments.items()),
            body=body,
        )
        self.marks_of[node] = self.marks_of[body]
        return node

    def merge(self, node: tree.Merge, sequence: Sequence, label: Name | None) -> None:
        name = node.name.text
        value = sequence.scope.names.get(name)
        if isinstance(value, BlockValue):
            self.call(node, value.definition, node.paths, sequence, label)
        elif name in sequence.scope.blocks:
            self.call(node, sequence.scope.blocks[name], node.paths, sequence, label)
        elif name in MERGES:
            scope, x = sequence.scope, sequence.x
            key = ("merge", node, self.key(node, scope), x)
            made = self.remember(key, lambda: merge_node(self, node, scope, x))
            self.check_elements(f"the output of `{name}`", made.output.elements, node.span)
            sequence.add(made, label)
            if label is None:
                sequence.mark(self.marks_of.get(made, {}))
            elif self.witnesses is None:
                check_labels(member for branch in made.branches for member in branch.members)
        else:
            raise ArchError(unknown_merge(node, tuple(sequence.scope.blocks)))

    def reference(self, node: tree.Reference, sequence: Sequence) -> None:
        if sequence.members or not sequence.branch:
            raise ArchError(
                MisplacedReference(
                    node.span,
                    f"`{node.span.text}` isn't first in its branch",
                    "would throw away what arrives here",
                    helps=[f"begin a branch with it: `concat<{node.span.text} | identity>`"],
                )
            )
        target = evaluate_template(self.evaluate, node.target, sequence.scope, sequence.x)
        name = "".join(map(str, target))
        if name not in sequence.scope.marks:
            raise ArchError(unknown_label(name, node.span, sequence.scope.marks))
        sequence.add(Reference(input=sequence.x, output=sequence.scope.marks[name], span=node.span, target=name))

    def loop(self, node: tree.For, sequence: Sequence) -> None:
        for word in (*node.names, *([node.index] if node.index else ())):
            check_name(word, "a value")
        outer = sequence.scope
        items = items_of(self.evaluate(node.iterable, outer, sequence.x), node.iterable.span)
        for turn, item in enumerate(items):
            self.budget.step(node.span, copying(outer))
            names = unpack(node.names, item, node.iterable.span)
            if node.index is not None:
                names[node.index.text] = turn
            sequence.scope = outer.with_marks(sequence.marks).bind(**names)
            self.statements(node.body.items, sequence, inside=True)
        sequence.scope = outer.with_marks(sequence.marks)

    def choice(self, node: tree.If, sequence: Sequence) -> None:
        """`if`: one side where the condition is settled; both where calls of a class differ on it."""
        condition = self.evaluate.condition(node.condition, sequence.scope, sequence.x)
        settled = condition if isinstance(condition, bool) else self.decide(condition)
        if settled is None:
            assert not isinstance(condition, bool)
            assert self.witnesses is not None
            self.both(node, self.witnesses.rest(condition), sequence)
        elif settled:
            self.statements(node.then.items, sequence, inside=True)
        elif isinstance(node.otherwise, tree.If):
            self.choice(node.otherwise, sequence)
        elif node.otherwise is not None:
            self.statements(node.otherwise.items, sequence, inside=True)

    def both(self, node: tree.If, condition: Condition, sequence: Sequence) -> None:
        sides: list[Chain] = []
        opposite = negate(condition)
        assert not isinstance(opposite, bool)
        assert self.witnesses is not None
        for side, part in ((condition, node.then), (opposite, node.otherwise)):
            inner = Sequence(sequence.x, sequence.scope)
            with self.witnesses.narrow(side):
                if isinstance(part, tree.If):
                    self.choice(part, inner)
                elif part is not None:
                    self.statements(part.items, inner, inside=True)
            sides.append(self.finish(inner, node.span))
        then, otherwise = sides
        sequence.add(
            Choice(
                input=sequence.x,
                output=join_shapes(condition, then.output, otherwise.output),
                span=node.span,
                condition=condition,
                then=then,
                otherwise=otherwise,
            )
        )

    def table(self, item: tree.LabelledTable, sequence: Sequence) -> None:
        label = self.label(item.label, sequence)
        groups = pick_column(self, item.body, sequence.scope)

        def add(inner: Sequence) -> None:
            for group in groups:
                self.statements(group.items, inner)

        before = len(sequence.members)
        self.container_or_splice(label, item.body, sequence, add)
        if label is not None:
            self.mark(label, sequence, sequence.members[before], item)

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

    # Places of errors

    @contextmanager
    def placed(self, span: Span) -> Iterator[None]:
        """Give diagnostics of layers, which know no place, the place of the head."""
        try:
            yield
        except ArchError as error:
            for diagnostic in error.diagnostics:
                if diagnostic.at is None:
                    diagnostic.at = span
            raise

    @contextmanager
    def called_from(self, span: Span) -> Iterator[None]:
        """Show the call beside a mistake inside a block."""
        try:
            yield
        except ArchError as error:
            for diagnostic in error.diagnostics:
                if diagnostic.at is not None and diagnostic.at != span and len(diagnostic.labels) < 4:
                    diagnostic.labels = (*diagnostic.labels, Label(span, "in this call"))
            raise


def check_keyword(word: tree.Word) -> None:
    """`after` and `default` speak of layers by keyword."""
    if word.text not in keywords():
        find_layer(tree.Head(word.span, word, None, None, None, None))


def _undecided(condition: Condition) -> bool | None:
    raise NeedsValue(condition)
