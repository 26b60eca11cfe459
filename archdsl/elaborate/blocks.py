"""A block that is called: the same block on the same arguments and input is one node."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from archdsl.diagnostics import ArchError, Diagnostic, Label, Span
from archdsl.elaborate.calls import CallArguments
from archdsl.elaborate.elaborator import Elaborator
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.nodes import Call, Name
from archdsl.ir.provenance import Origin
from archdsl.ir.values import Scope, Value
from archdsl.shape import Shape
from archdsl.syntax import tree


class Recursion(Diagnostic):
    """A block that contains itself, directly or through others, and so would never end."""

    code = "recursive-block"
    bad = "arch net\ninput 3x8x8\nblock a = [conv3-8 a]\na\n"
    mended = "arch net\ninput 3x8x8\nblock a = [conv3-8]\na\n"


def call_into(
    elaborator: Elaborator,
    text: tree.Head | tree.Merge,
    block: tree.Block,
    paths: tuple[tree.Group, ...],
    sequence: Sequence,
    label: Name | None,
) -> None:
    """Add a call of a block to a chain, with `paths` for what it takes in angle brackets."""
    scope, x = sequence.scope, sequence.x
    arguments = CallArguments(elaborator, block, text, scope, x, paths).bind()
    sequence.add(_call(elaborator, block, arguments, x, text.span), label)


def _call(elaborator: Elaborator, block: tree.Block, arguments: dict[str, Value], x: Shape, span: Span) -> Call:
    scope = elaborator.block_scope(block).bind(**arguments)
    key = ("call", block, elaborator.memo.key(block, scope, arguments), x)
    return elaborator.memo.remember(key, lambda: _new_call(elaborator, block, arguments, scope, x, span))  # type: ignore[no-any-return]


def _new_call(
    elaborator: Elaborator, block: tree.Block, arguments: dict[str, Value], scope: Scope, x: Shape, span: Span
) -> Call:
    calls = elaborator.calls
    if block in calls:
        way = " → ".join(each.name.text for each in [*calls[calls.index(block) :], block])
        raise ArchError(
            Recursion(
                block.name.span,
                f"`{block.name.text}` is built of itself: {way}",
                "defined here",
                labels=[Label(span, "called here")],
                helps=["build it several times with a repeat, `block x3`, or of another block"],
            )
        )
    elaborator.budget.call(span)
    calls.append(block)
    try:
        with _called_from(span):
            body = elaborator.chain(block.body.items, scope, x, block.body.span, True, kind="block")
    finally:
        calls.pop()
    others = tuple(each for each in elaborator.memo.bound(block, scope) if each[0] not in arguments)
    node = Call(
        input=x,
        output=body.output,
        span=span,
        origin=Origin(block, scope, (*arguments.items(), *others)),
        block=block.name.text,
        arguments=tuple(arguments.items()),
        body=body,
    )
    elaborator.labels_of[node] = elaborator.labels_of[body]
    return node


@contextmanager
def _called_from(span: Span) -> Iterator[None]:
    """Show the call beside a mistake inside a block."""
    try:
        yield
    except ArchError as error:
        for diagnostic in error.diagnostics:
            if diagnostic.at is not None and diagnostic.at != span and len(diagnostic.labels) < 4:
                diagnostic.labels = (*diagnostic.labels, Label(span, "in this call"))
        raise
