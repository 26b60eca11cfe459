"""Items of a file: the architecture, its input, blocks, variants and expectations."""

from __future__ import annotations

from typing import Any

from archdsl.diagnostics import Diagnostic, Source, Span
from archdsl.syntax.tree.base import Expression, Node, Template, Word, given, node, without_bracket
from archdsl.syntax.tree.expressions import Argument, Literal
from archdsl.syntax.tree.statements import Call, Group, Row


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
        return cls(span, given(children))


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
        return cls(span, without_bracket(children[0]), given(children[1:]))


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
class Import(Node):
    """`from "blocks.arch" use cbr, se`."""

    rules = ("import",)
    path: Literal
    names: tuple[Word, ...]

    @classmethod
    def build(cls, span: Span, children: list[Any]) -> Node:
        path, *names = children
        return cls(span, Literal(path.span, path.text[1:-1]), tuple(names))


@node
class Init(Node):
    """`init conv kaiming(mode="fan_out")`: how the weights of a kind of layer, or of `@label`, begin."""

    rules = ("init",)
    target: Word | Template
    rule: Word
    call: Call | None

    @property
    def arguments(self) -> tuple[Argument, ...]:
        return self.call.arguments if self.call else ()


@node
class Aux(Node):
    """`aux name from @label body`: an output that exists in training only."""

    rules = ("aux",)
    name: Word
    source: Template
    body: Node


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
    """A whole spec: its items in order and, apart from them, its comments and what is odd and does no harm."""

    source: Source
    items: tuple[Node, ...]
    comments: tuple[Comment, ...]
    warnings: tuple[Diagnostic, ...] = ()
