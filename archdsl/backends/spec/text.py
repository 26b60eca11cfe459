"""Text of a spec whose numbers are still known apart, so that texts which differ in numbers alone can become one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

from archdsl.layers.base import Keyword, written
from archdsl.record import record
from archdsl.shape import Dim


@record
class Number:
    """A number, or another value, of a text in one of the places that the text stands for."""

    value: Any
    name: str
    """What it is of its layer or block: `kernel`."""
    arriving: Dim = 0
    """The channels that arrive there, which a formula may call `in_channels`; 0 for none."""


@record
class Worded:
    """A layer, or the arguments of a merge, field by field. `word` is how it is in one place."""

    word: Keyword
    fields: tuple[Number, ...]
    head: bool = True
    """Whether the keyword stands here too, and not its arguments alone."""


@record
class Called:
    """A block with its arguments, each left out where it is what the block has for it by default."""

    block: str
    arguments: tuple[Number, ...]
    defaults: tuple[Any, ...]
    """What each is by default; None for one that has to be given."""


@record
class Times:
    """How often a statement is repeated."""

    count: Number


@record
class Formula:
    """An expression in place of a number."""

    text: str

    def __str__(self) -> str:
        return self.text


Piece: TypeAlias = str | Worded | Called | Times
Text: TypeAlias = tuple[Piece, ...]


def of_word(word: Keyword, arriving: Dim = 0, head: bool = True) -> Worded:
    """A layer or a merge with its fields."""
    fields = (Number(getattr(word, name), name, arriving) for name in type(word).model_fields)
    return Worded(word, tuple(fields), head)


def of_label(name: str) -> Text:
    """A label with what separates it from what it names."""
    plain = name.isascii() and name.replace("_", "a").isalnum() and not name[0].isdigit()
    return (f"{name}: ",) if plain else (f'"{name}": ',)


def fields_of(piece: Piece) -> tuple[Number, ...]:
    """What of a piece may differ from place to place."""
    if isinstance(piece, Worded):
        return piece.fields
    if isinstance(piece, Called):
        return piece.arguments
    return (piece.count,) if isinstance(piece, Times) else ()


def numbers(text: Text) -> Iterator[Number]:
    """All numbers of a text, in order."""
    for piece in text:
        yield from fields_of(piece)


def skeleton(text: Text) -> tuple[object, ...]:
    """What two texts have in common that differ in numbers alone."""
    return tuple(map(_kind, text))


def _kind(piece: Piece) -> object:
    # What isn't said is nothing that a parameter could be.
    said = tuple(each.name for each in fields_of(piece) if each.value is not None)
    if isinstance(piece, Worded):
        return Worded, piece.word.keyword, piece.head, said
    if isinstance(piece, Called):
        return Called, piece.block, said
    return Times if isinstance(piece, Times) else piece


def with_numbers(text: Text, change: Callable[[Number], Number | Formula]) -> Text:
    """A text with something in place of its numbers, formulas or numbers."""
    found: list[Piece] = []
    for piece in text:
        values = [change(each) for each in fields_of(piece)]
        found.append(said(piece, values) if any(isinstance(each, Formula) for each in values) else piece)
    return tuple(found)


def plain(text: Text) -> str:
    """A text with its numbers as they are."""
    return "".join(said(piece, fields_of(piece)) for piece in text)


def said(piece: Piece, values: Sequence[Number | Formula]) -> str:
    """A piece as a spec writes it, its numbers or what stands for them put in."""
    if isinstance(piece, Worded):
        given = {n.name: v for n, v in zip(piece.fields, values, strict=True) if isinstance(v, Formula)}
        # A word writes what it is given; formulas in it print as they are.
        changed = type(piece.word).model_construct(piece.word.model_fields_set | given.keys(), **{
            **{name: getattr(piece.word, name) for name in type(piece.word).model_fields}, **given
        })  # fmt: skip
        text = written(changed) if given else written(piece.word)
        return text if piece.head else text.removeprefix(piece.word.keyword)
    texts = [each.text if isinstance(each, Formula) else literal(each.value) for each in values]
    if isinstance(piece, Called):
        return _call(piece, texts)
    if isinstance(piece, Times):
        (count,) = texts
        return f" x{count}" if count.isdigit() else f" x{{{count}}}"
    return piece


def _call(piece: Called, texts: Sequence[str]) -> str:
    """A call; arguments that have a default come last, by their names."""
    together = list(zip(piece.arguments, piece.defaults, texts, strict=True))
    given = [text for _, default, text in together if default is None]
    given += [
        f"{each.name}={text}" for each, default, text in together if default is not None and text != literal(default)
    ]
    return f"{piece.block}({', '.join(given)})" if given else piece.block


def literal(value: Any) -> str:
    """A value as an expression of a spec."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, tuple):
        inner = ", ".join(map(literal, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    return repr(value)


def joined(texts: Sequence[Text], between: str = " ") -> Text:
    """Texts one behind the other."""
    found: list[Piece] = []
    for place, text in enumerate(texts):
        if place:
            found.append(between)
        found += text
    return tuple(found)
