"""The reference of a layer, derived from its class: what `archdsl layers NAME` and the manual show."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterable, Iterator
from typing import Any

from pydantic.fields import FieldInfo

from archdsl.layers.base import KINDS, Keyword, Layer
from archdsl.layers.reference.examples import read_example
from archdsl.layers.torch_call import Function, Module, Parameter, Step
from archdsl.record import record
from archdsl.shape import Layout, Shape
from archdsl.symbolic import Expr

_HEAD_MARKS = (("digits", ""), ("dash", "-"), ("slash", "/"))


@record
class Argument:
    """One argument: how it is written in a head (`-channels`), if it is, and what it takes."""

    name: str
    place: str
    takes: str
    default: str
    description: str


@record
class Example:
    """An example with what the class makes of it."""

    text: str
    output: str
    parameters: int


@record
class Reference:
    """All there is to say about a layer; `torch` has the PyTorch calls for each kind of input."""

    keyword: str
    notation: str
    summary: str
    arguments: tuple[Argument, ...]
    accepts: tuple[str, ...]
    torch: tuple[tuple[str, str], ...]
    examples: tuple[Example, ...]
    elsewhere: tuple[tuple[str, tuple[str, ...]], ...]
    """What others call it: whose words, and the words."""


def describe(kind: type[Layer]) -> Reference:
    """The reference of a layer."""
    read = [(text, *read_example(text)) for text in kind.examples]
    calls: dict[str, str] = {}
    for _, x, layer in read:
        calls.setdefault(_kind_of(x), ", ".join(_call(step) for step in layer.torch(x)))
    return Reference(
        kind.keyword,
        notation(kind),
        kind.__doc__ or "",
        arguments(kind),
        tuple(KINDS[rank] for rank in sorted(kind.ranks)),
        tuple(sorted(calls.items(), key=lambda call: _order(call[0]))),
        tuple(Example(text, str(layer.output(x)), int(layer.parameters(x))) for text, x, layer in read),
        _elsewhere(kind),
    )


def _elsewhere(kind: type[Layer]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    from archdsl.layers.translation.words import words_of

    found: dict[str, list[str]] = {}
    for word in words_of(kind):
        found.setdefault(word.origin, []).append(word.name)
    return tuple((origin, tuple(dict.fromkeys(names))) for origin, names in found.items())


def arguments(kind: type[Keyword]) -> tuple[Argument, ...]:
    """The arguments of a word, in the order that they are written."""
    return tuple(_argument(kind, name) for name in _ordered(kind))


def notation(kind: type[Keyword]) -> str:
    """The head with all its arguments, such as `maxpool[kernel][/stride](padding=0, ceil=false)`.

    What must be given in the head stands in braces, as an expression would, and what may be in brackets.
    """
    text = kind.keyword
    for place, mark in _HEAD_MARKS:
        name = getattr(kind, place)
        if name is not None:
            text += f"{mark}{{{name}}}" if kind.model_fields[name].is_required() else f"[{mark}{name}]"
    in_head = {getattr(kind, place) for place, _ in _HEAD_MARKS}
    given = []
    for name in _ordered(kind):
        if name in in_head:
            continue
        info = kind.model_fields[name]
        if f"*{name}" in kind.positional:
            given.append(f"{name}, …")
        elif info.is_required():
            given.append(name)
        else:
            given.append(f"{name}={'…' if info.default is None else _literal(info.default)}")
    return f"{text}({', '.join(given)})" if given else text


def render(reference: Reference) -> str:
    """The reference as plain text, no line of which ends in a space."""
    summary = "\n".join(line.strip() for line in reference.summary.strip().splitlines())
    blocks = [reference.notation, summary]
    if reference.arguments:
        rows = [(each.name, each.takes, each.default, each.description) for each in reference.arguments]
        blocks.append(table([("argument", "takes", "default", "meaning"), *rows]))
    blocks.append("takes " + ", ".join(reference.accepts))
    blocks.append(table([("input", "in PyTorch"), *reference.torch]))
    blocks += tables_behind(reference.examples, reference.elsewhere)
    return "\n\n".join(blocks) + "\n"


def tables_behind(examples: Iterable[Example], elsewhere: Iterable[tuple[str, tuple[str, ...]]]) -> Iterator[str]:
    """What a reference ends with: its examples, and what others call it."""
    yield table(
        [("example", "output", "parameters"), *((each.text, each.output, f"{each.parameters:_}") for each in examples)]
    )
    called = [(whose, ", ".join(names)) for whose, names in elsewhere]
    if called:
        yield table([("elsewhere", "called"), *called])


def _ordered(kind: type[Keyword]) -> list[str]:
    """The fields in the order that they are written: those of the head, those without a name, the rest."""
    head = [getattr(kind, place) for place, _ in _HEAD_MARKS]
    first = [name for name in head if name] + [name.lstrip("*") for name in kind.positional]
    return list(dict.fromkeys([*first, *kind.model_fields]))


def _argument(kind: type[Keyword], name: str) -> Argument:
    info = kind.model_fields[name]
    place = next((mark + name for attribute, mark in _HEAD_MARKS if getattr(kind, attribute) == name), "")
    default = "required" if info.is_required() else _literal(info.default)
    return Argument(name, place, takes(info), default, info.description or "")


def takes(info: FieldInfo) -> str:
    """What values a field takes, in words."""
    words = dict.fromkeys(_words(info.annotation, info.metadata))
    # A number or several of the same need not say twice what the number is.
    return " or ".join(
        "several" if word.removeprefix("several of ") in words.keys() - {word} else word for word in words
    )


def _words(annotation: Any, metadata: list[Any]) -> list[str]:
    """The alternatives of a type; an expression is what any number may be, and goes without saying."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return [word for each in arguments for word in _words(each, metadata)]
    if origin is typing.Annotated:
        base, *notes = arguments
        return _words(base, [bound for note in notes for bound in getattr(note, "metadata", [note])])
    if origin is typing.Literal:
        return [_literal(each) for each in arguments]
    if origin is tuple:
        count = "several" if Ellipsis in arguments else str(len(arguments))
        return [f"{count} of {' or '.join(_words(arguments[0], []))}"]
    if annotation is bool:
        return ["true or false"]
    if annotation in (int, float):
        return [("whole number" if annotation is int else "number") + _bounds(metadata)]
    if annotation in (Expr, type(None)):
        return []
    return [getattr(annotation, "__name__", str(annotation))]


def _bounds(metadata: list[Any]) -> str:
    signs = {"ge": "≥", "gt": ">", "le": "≤", "lt": "<"}
    found = [
        f"{sign} {getattr(note, name)}" for note in metadata for name, sign in signs.items() if hasattr(note, name)
    ]
    return " " + " and ".join(found) if found else ""


def _literal(value: Any) -> str:
    if value is None:
        return "unset"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _kind_of(x: Shape) -> str:
    kind = KINDS[x.rank]
    return f"{kind}, {x.layout.value}" if x.layout is Layout.CHANNELS_LAST else kind


def _order(kind: str) -> int:
    return next(rank for rank, name in KINDS.items() if kind.startswith(name))


def _call(step: Step) -> str:
    if isinstance(step, Module):
        return f"a class of its own, {step.name}" if step.definition else f"nn.{step.name}"
    if isinstance(step, Parameter):
        return "nn.Parameter"
    # The name of the function, without the tensor and the arguments.
    assert isinstance(step, Function)
    return "a slice" if step.template.startswith("{x}[") else step.template.replace("{x}", "x").split("(")[0]


def table(rows: list[tuple[str, ...]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
