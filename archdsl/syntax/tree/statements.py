"""Statements: layers, groups, merges, loops and tables."""

from __future__ import annotations

from typing import Any

from archdsl.diagnostics import Span
from archdsl.syntax.tree.base import Expression, Node, Template, Word, given, node, without_bracket
from archdsl.syntax.tree.expressions import Argument, Literal


@node
class Call(Node):
    """The arguments in round brackets behind a head."""

    rules = ("call",)
    arguments: tuple[Argument, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, given(children))


@node
class Head(Node):
    """A layer or a call of a block: `conv3-{c}/2(groups=4)`.

    Digits glued to the name stay in the name, as only a keyword knows whether they are its own.
    """

    rules = ("head",)
    name: Word
    kernel: Expression | None
    size: Expression | None
    stride: Expression | None
    call: Call | None

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return self.call.arguments if self.call else ()


@node
class Group(Node):
    """Statements in sequence, in square brackets."""

    rules = ("group", "path", "cell")
    items: tuple[Node, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, tuple(children))


@node
class Merge(Node):
    """`name<path | path>`: branches that meet again, or layers handed to a block."""

    rules = ("merge",)
    name: Word
    paths: tuple[Group, ...]
    call: Call | None

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        name, *paths, call = children
        kept = tuple(path for path in paths if isinstance(path, Group))
        return cls(span, without_bracket(name), kept, call)


@node
class Reference(Node):
    """`@label`: the tensor a label names."""

    rules = ("reference",)
    target: Template


@node
class For(Node):
    """`for names in iterable as index [ … ]`."""

    rules = ("for",)
    names: tuple[Word, ...]
    iterable: Expression
    index: Word | None
    body: Group

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        *names, iterable, index, body = children
        return cls(span, given(names), iterable, index, body)


@node
class If(Node):
    rules = ("if",)
    condition: Expression
    then: Group
    otherwise: Group | If | None


@node
class Let(Node):
    """`let a, b = {value}`."""

    rules = ("let",)
    names: tuple[Word, ...]
    value: Expression

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, given(children[:-1]), children[-1])


@node
class After(Node):
    """`after conv relu`: what follows every later layer of that keyword in this group."""

    rules = ("after",)
    keyword: Word
    body: Node


@node
class Default(Node):
    """`default bn(eps=0.001)`: arguments that later layers of that keyword need not repeat."""

    rules = ("default",)
    keyword: Word
    call: Call


@node
class Repeat(Node):
    """`×3 as i` behind a statement."""

    rules = ("repeat",)
    count: Expression
    index: Word | None

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        # `×3` is one token, `×{n}` an opening and an expression.
        count, index = children[-2:]
        if isinstance(count, Word):
            number = Span(span.source, count.span.start + 1, count.span.end)
            count = Literal(number, int(count.text[1:].strip()))
        return cls(span, count, index)


@node
class Statement(Node):
    """A layer, group, merge, loop … with its label and repeat."""

    rules = ("labelled",)
    label: Template | None
    body: Node
    repeat: Repeat | None


@node
class Table(Node):
    """A table of layers; `column` is the parameter that picks one, by default the variant."""

    rules = ("table",)
    column: Word | None
    header: tuple[Word, ...]
    rows: tuple[Row, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        column, header, *rows = children
        return cls(span, column, header.cells, tuple(rows))


@node
class LabelledTable(Node):
    """A table where a statement stands; a label makes it a container."""

    rules = ("labelled_table",)
    label: Template | None
    body: Table


@node
class Header(Node):
    rules = ("header",)
    cells: tuple[Word, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, given(children))


@node
class HeaderCell(Word):
    """One or two words at the head of a column: `config`, `expect params`."""

    rules = ("header_cell",)

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return Word(span, " ".join(child.text for child in children))


@node
class Empty(Node):
    """A cell of dashes or nothing."""

    rules = ("empty",)

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span)


@node
class Row(Node):
    rules = ("row", "value_row")
    cells: tuple[Any, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, given(children))
