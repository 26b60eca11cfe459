"""Expressions: what stands in braces and arguments."""

from __future__ import annotations

from typing import Any

from archdsl.diagnostics import Span
from archdsl.syntax.tree.base import Expression, Node, Word, given, node


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
        return cls(span, children[0], given(children[1:]))


@node
class Items(Expression):
    """A list or tuple."""

    rules = ("list", "tuple")
    items: tuple[Expression, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, given(children))


@node
class Comprehension(Expression):
    """`[result for a, b in iterable]`."""

    rules = ("comprehension",)
    result: Expression
    names: tuple[Word, ...]
    iterable: Expression

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        return cls(span, children[0], given(children[1:-1]), children[-1])
