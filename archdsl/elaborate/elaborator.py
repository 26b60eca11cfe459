"""The walk from statements to nodes: what each statement makes of the tensor that arrives.

One walk serves both passes. With numbers it settles every shape; with unknown numbers (the parameters of
a class that several calls share) it runs on expressions, and `decide` says how a condition falls for the
calls at hand.
"""

from __future__ import annotations

import pkgutil
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from itertools import islice
from types import MappingProxyType
from typing import Any, ClassVar, Generic, TypeVar

from archdsl.diagnostics import ArchError, Span
from archdsl.elaborate.bias import settle_biases
from archdsl.elaborate.binding import Binder
from archdsl.elaborate.budget import Budget
from archdsl.elaborate.clashes import check_names
from archdsl.elaborate.expressions import Evaluator
from archdsl.elaborate.labels import LabelTwice, evaluate_template
from archdsl.elaborate.memo import Memo
from archdsl.elaborate.program import References
from archdsl.elaborate.sequence import Sequence
from archdsl.elaborate.witnesses import Witnesses, undecided
from archdsl.ir.marks import Mark
from archdsl.ir.names import Kind
from archdsl.ir.nodes import MAX_MARKS, Call, Chain, Member, Merge, Name, Node
from archdsl.ir.values import Labelled, Scope
from archdsl.shape import Shape
from archdsl.symbolic import Condition, Expr
from archdsl.syntax import tree

Node_ = TypeVar("Node_", bound=tree.Node)


class StatementKind(ABC, Generic[Node_]):
    """What one kind of statement does, of `let`, `aux` and the like. Known by the node of the tree that it is for.

    A subclass in a file of `elaborate/statements` is all there is to it, and nothing else is told of it.
    """

    of: ClassVar[type[tree.Node]]

    @abstractmethod
    def add(self, elaborator: Elaborator, item: Node_, sequence: Sequence, inside: bool) -> None:
        """Add it to a chain. `inside` says that it stands in square brackets."""

    def rebuild(self, elaborator: Elaborator, item: Node_, sequence: Sequence) -> None:
        """What is in it, for a class of its own."""
        raise AssertionError(f"no class is built of {type(item).__name__}")


class BodyKind(ABC, Generic[Node_]):
    """What one kind of body makes, which a statement may give a label and repeat: a head, a group, a merge, a loop."""

    of: ClassVar[type[tree.Node]]
    is_counted: ClassVar[bool] = True
    """Whether it is a layer of the network by itself; what it holds is counted in any case."""

    @abstractmethod
    def add(self, elaborator: Elaborator, node: Node_, sequence: Sequence, label: Name | None, nested: bool) -> None:
        """Add it to a chain, under a label or spliced; `nested` makes a group without a label a container."""

    def rebuild(self, elaborator: Elaborator, node: Node_, sequence: Sequence, inside: bool) -> None:
        """What is in it, for a class of its own."""
        elaborator.body(node, sequence, None)


@cache
def _load() -> None:
    package = import_module("archdsl.elaborate.statements")
    for module in pkgutil.iter_modules(package.__path__):
        import_module(f"archdsl.elaborate.statements.{module.name}")


@cache
def statements() -> Mapping[type[tree.Node], StatementKind[Any]]:
    """Every kind of statement by its node of the tree."""
    _load()
    return MappingProxyType({kind.of: kind() for kind in StatementKind.__subclasses__()})


@cache
def bodies() -> Mapping[type[tree.Node], BodyKind[Any]]:
    """Every kind of body by its node of the tree."""
    _load()
    return MappingProxyType({kind.of: kind() for kind in BodyKind.__subclasses__()})


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
        statements()[type(item)].add(self, item, sequence, inside)

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
        kind = bodies()[type(node)]
        if kind.is_counted:
            self.budget.layer(node.span)
        kind.add(self, node, sequence, label, nested)
        if label is not None and len(sequence.members) > before:
            self.make_reachable(label, sequence, sequence.members[before], node)

    def make_reachable(self, label: Name, sequence: Sequence, member: Member, node: tree.Node) -> None:
        """Make a label, and the labels inside what it names, reachable from what follows."""
        if len(label) != 1 or not isinstance(label[0], str):
            return
        name = label[0]
        if name in sequence.labels:
            raise ArchError(
                LabelTwice(
                    node.span,
                    f"the label `{name}` is given twice",
                    "the second of that name",
                    helps=["give each its own name"],
                )
            )
        last = sequence.members[-1]
        mark = Mark(name)
        sequence.members[-1] = Member(label=last.label, node=last.node, marks=(*last.marks, mark))
        # Labels inside a block stay inside it: what it is built of is its own business.
        inner = {} if isinstance(member.node, Call) or member is not last else self.labels_of.get(member.node, {})
        # A reference that is longer than a name may be can't be written.
        room = self.budget.limits.letters - len(name)
        inside = islice(((word, tensor) for word, tensor in inner.items() if len(word) < room), MAX_MARKS)
        found = {name: Labelled((mark,), sequence.x)}
        for word, tensor in inside:
            found[f"{name}.{word}"] = Labelled((mark, *tensor.path), tensor.shape)
        sequence.reach(found)

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

    def rebuild(self, text: tree.Node, scope: Scope, x: Shape, inside: bool = True) -> Chain | Merge:
        """The node of a text that stood somewhere else before, now where `x` arrives: the body of a class."""
        sequence = Sequence(x, scope, branch=not inside)
        if isinstance(text, tree.Block):
            self.statements(text.body.items, sequence, inside=True)
        elif type(text) in statements():
            statements()[type(text)].rebuild(self, text, sequence)
        else:
            bodies()[type(text)].rebuild(self, text, sequence, inside)
        alone = sequence.members[0].node if len(sequence.members) == 1 else None
        if isinstance(text, tree.Merge) and isinstance(alone, Merge):
            return alone
        return self.finish(sequence, text.span, container=True)
