"""What names stand for while a spec is elaborated, and where they are looked up."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any, TypeAlias, TypeGuard

from archdsl.diagnostics import Span
from archdsl.ir.free_names import free_names
from archdsl.ir.marks import Path
from archdsl.record import changed, record
from archdsl.shape import Shape
from archdsl.symbolic import Comparison, Expr, Junction
from archdsl.syntax import tree


@record
class LayerValue:
    """A layer handed over: `act=hardswish`, `leakyrelu(0.1)`, or `cbr<conv1x7-192>` with its numbers as arguments."""

    keyword: str
    arguments: tuple[tuple[str | None, Value], ...] = ()
    span: Span | None = field(default=None, compare=False, repr=False)
    whole: bool = False
    """Whether what holds for it was said where it was written: nothing that a block says of its kind is added."""


@record
class BlockValue:
    """A block handed over by name."""

    definition: tree.Block


@record
class Labelled:
    """A tensor that a label names: the way to it, and its shape."""

    path: Path
    shape: Shape


@record
class PathValue:
    """Layers handed over in angle brackets, with the names and the labels' tensors they were written under.

    Wherever a block puts them they mean those, whatever the block itself calls by the same names.
    """

    group: tree.Group
    bindings: tuple[tuple[str, Value], ...]
    labels: tuple[tuple[str, Labelled], ...]
    scope: Scope = field(compare=False, repr=False)
    calls: tuple[tree.Block, ...] = field(default=(), compare=False, repr=False)
    """The blocks that were being built where they were written."""


Value: TypeAlias = (
    "int | float | str | bool | tuple[Value, ...] | Expr | Comparison | Junction | LayerValue | BlockValue | PathValue"
)


@record
class Said:
    """A `default` or an `after` in force, with the names that it was written under, which it goes on to mean."""

    statement: tree.Default | tree.After
    names: tuple[tuple[str, Value], ...]

    def under(self, scope: Scope) -> Scope:
        """The names of a place where it is put to use, those that it was written under ahead of the place's own."""
        return scope.bind(**dict(self.names)) if self.names else scope


@record
class Scope:
    """The names in force at a place of a spec. Immutable: a `let` makes a new scope for what follows.

    `afters` and `defaults` are the statements of those kinds in force, by keyword; `labels` are the
    tensors that `@label` can reach; `blocks` are those of the file that the text is from.
    """

    names: Mapping[str, Value]
    blocks: Mapping[str, tree.Block] = field(default_factory=dict)
    afters: Mapping[str, Said] = field(default_factory=dict)
    defaults: Mapping[str, tuple[Said, ...]] = field(default_factory=dict)
    labels: Mapping[str, Labelled] = field(default_factory=dict)

    def bind(self, /, **names: Value) -> Scope:
        return changed(self, names={**self.names, **names})

    def with_after(self, after: tree.After) -> Scope:
        return changed(self, afters={**self.afters, after.keyword.text: self.said(after)})

    def with_default(self, default: tree.Default) -> Scope:
        keyword = default.keyword.text
        more = (*self.defaults.get(keyword, ()), self.said(default))
        return changed(self, defaults={**self.defaults, keyword: more})

    def said(self, statement: tree.Default | tree.After) -> Said:
        """A statement with the names it means here."""
        free = sorted(free_names(statement))
        return Said(statement, tuple((name, self.names[name]) for name in free if name in self.names))

    @property
    def rules(self) -> tuple[Said, ...]:
        """All that is said of later layers."""
        return (*self.afters.values(), *(each for said in self.defaults.values() for each in said))

    def with_labels(self, labels: Mapping[str, Labelled]) -> Scope:
        return changed(self, labels={**self.labels, **labels}) if labels else self

    def without_afters(self) -> Scope:
        return changed(self, afters={})

    def key(self, free: tuple[str, ...], identity: Identities) -> tuple[Any, ...]:
        """What a memo must know of this scope for a piece of text with these free names."""
        known = [(name, identity(self.names[name])) for name in free if name in self.names]
        rules = [(id(said.statement), *((name, identity(value)) for name, value in said.names)) for said in self.rules]
        return (tuple(known), self.called(free), tuple(rules))

    def called(self, free: Iterable[str]) -> tuple[tuple[str, Labelled], ...]:
        """The labels in reach that a piece of text with these free names may refer to."""
        called = {name for name in free if name[0] == "@"}
        # Nearly all texts refer to no label, and a network may have thousands of them.
        seen = self.labels.items() if called else ()
        return tuple((name, tensor) for name, tensor in seen if "@" in called or "@" + name.split(".")[0] in called)


def identity(value: Value, inner: Callable[[Value], Any] | None = None) -> Any:
    """A hashable stand-in: equal for equal values, and telling 1 from True and 1.0, as Python does not.

    `inner` gives those of the values in a value, by default this.
    """
    inner = inner or identity
    if isinstance(value, tuple):
        return (tuple, *(inner(each) for each in value))
    if isinstance(value, PathValue):
        return (value.group, value.labels, *((name, inner(each)) for name, each in value.bindings))
    if isinstance(value, LayerValue):
        return (value.keyword, value.whole, *((name, inner(each)) for name, each in value.arguments))
    return (type(value), value)


class Identities:
    """Identities of values, where that of a list or of layers is found once for each object and then a number.

    They may hold each other many times over, and a memo asks for them at every statement.
    """

    def __init__(self) -> None:
        self.known: dict[int, tuple[Value, int]] = {}
        self.numbers: dict[Any, int] = {}

    def __call__(self, value: Value) -> Any:
        if not isinstance(value, (tuple, LayerValue, PathValue)):
            return identity(value)
        if id(value) not in self.known:
            number = self.numbers.setdefault(identity(value, self), len(self.numbers))
            # Kept together with the value, so that no other gets its `id`.
            self.known[id(value)] = value, number
        return (Identities, self.known[id(value)][1])


def handed(value: Value) -> tuple[tuple[str | None, Value], ...]:
    """What a layer or layers that are handed over hold."""
    if isinstance(value, PathValue):
        return value.bindings
    return value.arguments if isinstance(value, LayerValue) else ()


def is_number(value: Any) -> TypeGuard[int | float | Expr]:
    """Whether a value is a number, known or not; booleans are none."""
    return isinstance(value, (int, float, Expr)) and not isinstance(value, bool)


def describe(value: Value) -> str:
    """A value as a message names it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        text = ", ".join(describe(each) for each in value[:6])
        return f"[{text}, …]" if len(value) > 6 else f"[{text}]"
    if isinstance(value, LayerValue):
        return f"the layer {value.keyword}"
    if isinstance(value, BlockValue):
        return f"the block {value.definition.name.text}"
    if isinstance(value, PathValue):
        return "layers"
    return str(value)
