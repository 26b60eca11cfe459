"""A head in the walk: a layer, a call of a block, or a parameter that holds one of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Span
from archdsl.elaborate.binding import UnexpectedNumber, find_layer, is_bare, split_digits, unknown_layer
from archdsl.elaborate.blocks import call_into
from archdsl.elaborate.elaborator import BodyKind, Elaborator
from archdsl.elaborate.expressions import BadOperands
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.nodes import LayerNode, Name
from archdsl.ir.values import BlockValue, LayerValue, PathValue, Scope, describe
from archdsl.layers.base import Layer, keywords
from archdsl.shape import Shape
from archdsl.syntax import tree


class MisplacedWord(Diagnostic):
    """`project` or `optional` outside the second branch of a residual."""

    code = "misplaced-shortcut"
    bad = "arch net\ninput 8x4x4\nresidual<conv3-8 project>\n"
    mended = "arch net\ninput 8x4x4\nresidual<conv3-8 | project>\n"


def head_into(elaborator: Elaborator, head: tree.Head, sequence: Sequence, label: Name | None) -> None:
    """Add what a head names to a chain. Raises ArchError if it names nothing."""
    name = head.name.text
    scope, x = sequence.scope, sequence.x
    value = scope.names.get(name)
    if isinstance(value, (PathValue, LayerValue)):
        _nothing_with_it(head)
    if isinstance(value, PathValue):
        _handed_over(elaborator, value, sequence, label)
        return
    if isinstance(value, BlockValue):
        call_into(elaborator, head, value.definition, (), sequence, label)
        return
    if isinstance(value, LayerValue):
        layer = elaborator.binder.bind_value(value, value.span or head.span, scope, x)
        sequence.add(_layer_node(elaborator, layer, head, x), label)
        if not value.whole:
            _afterwards(elaborator, layer, head, sequence)
        return
    if name in scope.blocks:
        call_into(elaborator, head, scope.blocks[name], (), sequence, label)
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
    _check_known(head, scope)
    key = ("layer", head, elaborator.memo.key(head, scope), x)
    node = elaborator.memo.remember(
        key, lambda: _layer_node(elaborator, elaborator.binder.bind(head, scope, x), head, x)
    )
    sequence.add(node, label)
    _afterwards(elaborator, node.layer, head, sequence)


def _nothing_with_it(head: tree.Head) -> None:
    """Raise for numbers or arguments of a layer that was handed over with its own."""
    with_it = head.span.source.span(head.name.span.end, head.span.end)
    if not with_it.text or (head.call is not None and all(is_bare(each) for each in head.arguments)):
        return
    name = head.name.text
    raise ArchError(
        UnexpectedNumber(
            with_it,
            f"`{name}` is a layer that was handed over, with its own numbers and arguments",
            "it takes no others here",
            helps=[f"leave them out: `{name}`", "hand a block over to give it arguments"],
            fixes=[Edit(with_it, "")],
        )
    )


def check_keyword(word: tree.Word) -> None:
    """Raise ArchError for a word that no layer goes by, where `after`, `default` or `init` speak of layers."""
    if word.text not in keywords():
        find_layer(tree.Head(word.span, word, None, None, None, None))


def _check_known(head: tree.Head, scope: Scope) -> None:
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


def _layer_node(elaborator: Elaborator, layer: Layer, head: tree.Head, x: Shape) -> LayerNode:
    with placed(head.span):
        layer.check(x)
        output = layer.output(x)
        for what, number in (("the output", output.elements), ("the weights", layer.parameters(x))):
            elaborator.budget.elements(head.span, f"{what} of `{layer.keyword}`", number)
        return LayerNode(input=x, output=output, span=head.span, layer=layer)


@contextmanager
def placed(span: Span) -> Iterator[None]:
    """Give diagnostics of layers, which know no place, the place of the head."""
    try:
        yield
    except ArchError as error:
        for diagnostic in error.diagnostics:
            if diagnostic.at is None:
                diagnostic.at = span
        raise


def _afterwards(elaborator: Elaborator, layer: Layer, head: tree.Head, sequence: Sequence) -> None:
    """Add what an `after` in force says, unless the layer is `bare`."""
    said = sequence.scope.afters.get(layer.keyword)
    if said is None or any(is_bare(each) for each in head.arguments):
        return
    outer = sequence.scope
    sequence.scope = said.under(outer.without_afters())
    elaborator.body(said.statement.body, sequence, None)  # type: ignore[union-attr]
    sequence.scope = outer.with_labels(sequence.labels)


def _handed_over(elaborator: Elaborator, value: PathValue, sequence: Sequence, label: Name | None) -> None:
    """Layers from angle brackets, built under the names they were written with."""
    calls, elaborator.calls = elaborator.calls, list(value.calls)
    try:
        _elaborate_path(elaborator, value, sequence, label)
    finally:
        elaborator.calls = calls


def _elaborate_path(elaborator: Elaborator, value: PathValue, sequence: Sequence, label: Name | None) -> None:
    items = value.group.items
    # A branch that begins with what is handed over may begin with a reference.
    inner = Sequence(sequence.x, value.scope, branch=sequence.branch and not sequence.members)
    if label is None:
        elaborator.statements(items, inner)
        sequence.members += inner.members
    elif (
        len(items) == 1 and isinstance(items[0], tree.Statement) and items[0].repeat is None and items[0].label is None
    ):
        elaborator.body(items[0].body, inner, label)
        sequence.members += inner.members
    else:
        sequence.add(elaborator.container(value.group, value.scope, sequence.x), label)


class HeadBody(BodyKind[tree.Head]):
    """A layer, a call of a block, or a parameter that holds one of them."""

    of = tree.Head

    def add(
        self, elaborator: Elaborator, node: tree.Head, sequence: Sequence, label: Name | None, nested: bool
    ) -> None:
        head_into(elaborator, node, sequence, label)
