"""What a text is made of, for a count of what the specs that pass have in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.opening.reading import text_source
from archdsl.syntax import parse, tree

from .writing.words import COLLIDING, METHODS

MERGES = ("residual", "concat", "add", "mul")


def constructs(text: str) -> set[str]:
    """The names of what a text has in it."""
    file = parse(text_source(text, "net.arch"))
    return {found for item in file.items for found in _of(item, ())}


def _of(node: tree.Node, around: tuple[str, ...]) -> Iterator[str]:
    here = list(_said(node, around))
    yield from here
    inside = (*around, *_around(node))
    for child in node.children:
        yield from _of(child, inside)


def _around(node: tree.Node) -> tuple[str, ...]:
    match node:
        case tree.Block():
            return ("block",)
        case tree.Merge():
            return ("merge",) if node.name.text in MERGES else ("handed",)
        case tree.Statement() if node.repeat is not None:
            return ("repeat",)
        case tree.For() | tree.If() | tree.After() | tree.Aux() | tree.Table():
            return (type(node).__name__.lower(),)
        case tree.IfElse():
            return ("conditional",)
    return ()


def _said(node: tree.Node, around: tuple[str, ...]) -> Iterator[str]:
    last = around[-1] if around else "top"
    match node:
        case tree.Statement() | tree.LabelledTable() if node.label is not None:
            yield from _label(node.label, node, around)
        case tree.Statement() if node.repeat is not None:
            yield "repeat without a label"
    match node:
        case tree.Reference():
            kind = "dotted reference" if "." in node.span.text else "reference"
            yield from (kind, f"{kind} in {last}", *(f"{kind} below {each}" for each in around))
            if "{" in node.span.text:
                yield "reference with a hole"
        case tree.Merge():
            name = node.name.text
            yield name if name in MERGES else "layers handed over"
            yield f"{'merge' if name in MERGES else 'layers handed over'} in {last}"
            if name not in MERGES and any(isinstance(each, tree.Reference) for each in node.walk()):
                yield "references handed over"
        case tree.For() | tree.If() | tree.Let() | tree.After() | tree.Default() | tree.Aux() | tree.Init():
            yield type(node).__name__.lower()
            yield f"{type(node).__name__.lower()} in {last}"
        case tree.Table() | tree.Variants() | tree.Comprehension() | tree.Slice() | tree.Index():
            yield type(node).__name__.lower()
        case tree.IfElse():
            yield "conditional in a conditional" if "conditional" in around else "conditional expression"
        case tree.Function():
            yield f"{node.name.text}()"
        case tree.Binary() if node.op.text == "//" and isinstance(node.right, tree.Negative):
            yield "floor division by a negative"
        case tree.Binary():
            yield f"operator {node.op.text}"
        case tree.Head() if node.name.text in ("project", "optional"):
            yield node.name.text


def _label(label: tree.Template, node: tree.Node, around: tuple[str, ...]) -> Iterator[str]:
    text = re.sub(r"\{[^{}]*\}", "", label.span.text).strip('"')
    yield "label"
    yield f"label in {around[-1] if around else 'top'}"
    if label.plain is None:
        yield "label with a hole"
    if text.isdigit():
        yield "numeric label"
    elif not re.fullmatch(r"\w*", text, re.ASCII):
        yield "quoted label"
    elif text in COLLIDING:
        yield "label like a readable name"
    elif text in METHODS:
        yield "label like a method or a name of the source"
    if isinstance(node, tree.Statement):
        yield f"label on {type(node.body).__name__.lower()}{' with a repeat' if node.repeat else ''}"
