"""The tree of a spec: what was written, where, and nothing of what it means.

Every node is a frozen dataclass with the span it was read from. A grammar rule becomes the class
that lists the rule's name in `rules`; its fields are the rule's children in order, unless the class
says otherwise in `build`. Comments are kept beside the items, by position.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any, ClassVar, TypeVar, dataclass_transform

from archdsl.diagnostics import Source, Span

Kind = TypeVar("Kind")


@dataclass_transform(frozen_default=True, eq_default=False)
def node(kind: type[Kind]) -> type[Kind]:
    """A class of nodes, which are not changed once they are made.

    Type checkers hold everybody to that. At run time nothing does, since that would double the time that
    importing this module takes.
    """
    return dataclass(eq=False, repr=False)(kind)


@node
class Node:
    """A piece of a spec. Two nodes are the same only if they are one object."""

    rules: ClassVar[tuple[str, ...]] = ()

    span: Span

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, *children)

    @property
    def children(self) -> Iterator[Node]:
        """The nodes directly below this one, in the order of their fields."""
        for field in fields(self):
            yield from _nodes(getattr(self, field.name))

    def walk(self) -> Iterator[Node]:
        """This node and all below it."""
        yield self
        for child in self.children:
            yield from child.walk()


def _nodes(value: Any) -> Iterator[Node]:
    if isinstance(value, Node):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _nodes(each)


@node
class Word(Node):
    """A name or another token that keeps its place."""

    text: str


@node
class Template(Node):
    """A label or reference with holes: `denselayer{i+1}` is ("denselayer", i + 1)."""

    parts: tuple[str | Expression, ...]

    @property
    def plain(self) -> str | None:
        """The text where there is no hole."""
        return "".join(map(str, self.parts)) if all(isinstance(part, str) for part in self.parts) else None


# Expressions


@node
class Expression(Node):
    pass


@node
class Literal(Expression):
    """A number, string or boolean."""

    value: int | float | str | bool


@node
class Name(Expression):
    rules = ("name",)
    word: Word

    @property
    def text(self) -> str:
        return self.word.text


@node
class Binary(Expression):
    """`left op right`, arithmetic."""

    rules = ("binary",)
    left: Expression
    op: Word
    right: Expression


@node
class Compare(Expression):
    rules = ("compare",)
    left: Expression
    op: Word
    right: Expression


@node
class Negative(Expression):
    rules = ("negative",)
    operand: Expression

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, children[-1])


@node
class Or(Expression):
    rules = ("logic_or",)
    left: Expression
    right: Expression


@node
class And(Expression):
    rules = ("logic_and",)
    left: Expression
    right: Expression


@node
class Not(Expression):
    rules = ("logic_not",)
    operand: Expression


@node
class IfElse(Expression):
    """`then if condition else otherwise`."""

    rules = ("if_else",)
    then: Expression
    condition: Expression
    otherwise: Expression


@node
class Index(Expression):
    rules = ("index",)
    operand: Expression
    index: Expression


@node
class Slice(Expression):
    rules = ("slice",)
    operand: Expression
    start: Expression | None
    stop: Expression | None


@node
class Argument(Node):
    """An argument of a call, with its name where it has one."""

    rules = ("named",)
    name: Word | None
    value: Expression


@node
class Positional(Argument):
    rules = ("positional",)

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return Argument(span, None, children[0])


@node
class Function(Expression):
    """`divisible(x, 8)`; also a layer as a value: `leakyrelu(0.1)`."""

    rules = ("function",)
    name: Word
    arguments: tuple[Argument, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, children[0], _given(children[1:]))


@node
class Items(Expression):
    """A list or tuple."""

    rules = ("list", "tuple")
    items: tuple[Expression, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, _given(children))


@node
class Comprehension(Expression):
    """`[result for a, b in iterable]`."""

    rules = ("comprehension",)
    result: Expression
    names: tuple[Word, ...]
    iterable: Expression

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, children[0], _given(children[1:-1]), children[-1])


# Statements


@node
class Call(Node):
    """The arguments in round brackets behind a head."""

    rules = ("call",)
    arguments: tuple[Argument, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, _given(children))


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
        return cls(span, _without_bracket(name), kept, call)


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
        return cls(span, _given(names), iterable, index, body)


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
        return cls(span, _given(children[:-1]), children[-1])


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
        return cls(span, _given(children))


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
        return cls(span, _given(children))


# Items of a file


@node
class Parameter(Node):
    rules = ("parameter",)
    name: Word
    default: Expression | None


@node
class Parameters(Node):
    rules = ("parameters",)
    items: tuple[Parameter, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, _given(children))


@node
class Arch(Node):
    rules = ("arch",)
    name: Word
    parameter_list: Parameters | None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.parameter_list.items if self.parameter_list else ()


@node
class Sizes(Expression):
    """`3x{size}x{size}`, one expression an axis."""

    rules = ("dims_cell",)
    dims: tuple[Expression, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        (sizes,) = children
        assert isinstance(sizes, Sizes)
        return sizes


@node
class Input(Node):
    rules = ("input",)
    sizes: Sizes

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        sizes = children[0]
        return cls(span, sizes if isinstance(sizes, Sizes) else Sizes(sizes.span, (sizes,)))


@node
class BlockLayers(Node):
    """`cbr<layer>` in a block's definition: its name and what is handed over in angle brackets."""

    rules = ("block_layers",)
    name: Word
    layers: tuple[Word, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, _without_bracket(children[0]), _given(children[1:]))


@node
class Block(Node):
    """`block name<layers>(parameters) = [ … ]`."""

    rules = ("block",)
    name: Word
    layers: tuple[Word, ...]
    parameter_list: Parameters | None
    body: Group

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        name, parameters, body = children
        if isinstance(name, BlockLayers):
            return cls(span, name.name, name.layers, parameters, body)
        return cls(span, name, (), parameters, body)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        return self.parameter_list.items if self.parameter_list else ()


@node
class Variants(Node):
    rules = ("variants",)
    header: tuple[Word, ...]
    rows: tuple[Row, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        header, *rows = children
        return cls(span, header.cells, tuple(rows))


@node
class Expect(Node):
    """`expect metric(argument) op value`."""

    rules = ("expect",)
    metric: Word
    argument: Template | Word | None
    op: Word
    value: Expression


@node
class Comment(Node):
    """`# …`, its hash included."""

    text: str


@node
class File(Node):
    """A whole spec: its items in order and, apart from them, its comments."""

    source: Source
    items: tuple[Node, ...]
    comments: tuple[Comment, ...]


def _given(children: list[Any]) -> tuple[Any, ...]:
    """The children without what was left out."""
    return tuple(child for child in children if child is not None)


def _without_bracket(name: Word) -> Word:
    return Word(Span(name.span.source, name.span.start, name.span.end - 1), name.text[:-1])


def classes() -> dict[str, type[Node]]:
    """The class of every grammar rule."""
    found: dict[str, type[Node]] = {}
    pending = [Node]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        found |= dict.fromkeys(vars(kind).get("rules", ()), kind)
    return found
