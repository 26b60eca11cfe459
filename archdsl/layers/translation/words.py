"""What others call the layers: the table that `elsewhere` of each class adds up to.

A line is `ORIGIN: NAME NAME(ARGUMENT, …)`. An argument is their name for it, in their order: `stride` where ours is the
same, `out_channels>channels` where it is another, `in_channels>` where the layer knows it by itself, `size>!` where it
has no like here. `padding=0` says what it is elsewhere where it isn't given, and ours would be something else;
`mode:="reflect"` what the name alone says. `activation>+` becomes a layer behind, and `+flatten` is one.
A `?` behind a name says that it may mean something else as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from archdsl.layers.base import Layer, keywords
from archdsl.layers.translation.calls import split, value
from archdsl.record import record


@record
class Parameter:
    """An argument as others name it, and the field of ours that it fills."""

    name: str
    field: str
    """Empty where the layer knows it by itself, `!` where it has no like, `+` where it becomes a layer."""
    default: Any = None
    has_default: bool = False
    is_fixed: bool = False
    """Whether the name of the layer says it, so that it isn't given."""


@record
class Word:
    """One name of a layer elsewhere."""

    origin: str
    name: str
    kind: type[Layer]
    parameters: tuple[Parameter, ...] | None
    """None for a name that is just another word, whose arguments are ours."""
    behind: tuple[str, ...] = ()
    """Layers that stand behind it here."""
    is_doubtful: bool = False


def plain(name: str) -> str:
    """A name without what people write differently: capitals, underscores and dashes."""
    return re.sub(r"[-_]", "", name).lower()


@cache
def words() -> Mapping[str, tuple[Word, ...]]:
    """All words by their plain names."""
    found: dict[str, list[Word]] = {}
    for kind in keywords().values():
        for word in words_of(kind):
            found.setdefault(plain(word.name), []).append(word)
    return MappingProxyType({name: tuple(each) for name, each in found.items()})


def words_of(kind: type[Layer]) -> Iterator[Word]:
    """What others call a layer, in the order that its class says."""
    for line in kind.elsewhere:
        origin, _, rest = line.partition(": ")
        names, call, inner = rest.partition("(")
        given = (
            [_parameter(text) for text in split(inner.removesuffix(")")) if not text.startswith("+")] if call else None
        )
        behind = tuple(text[1:] for text in split(inner.removesuffix(")")) if text.startswith("+"))
        for name in names.split():
            yield Word(
                origin,
                name.rstrip("?"),
                kind,
                None if given is None else tuple(given),
                behind,
                name.endswith("?"),
            )


def _parameter(text: str) -> Parameter:
    found = re.fullmatch(r"(\w+)(?:(>)([\w!+]*))?(?:(:?=)(.+))?", text)
    assert found is not None, text
    name, renamed, field, sign, default = found.groups()
    return Parameter(
        name,
        field if renamed else name,
        value(default) if default else None,
        has_default=default is not None,
        is_fixed=sign == ":=",
    )
