"""A call elsewhere as a head: each argument goes where the language has it, and what is said of the rest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from archdsl.layers.base import keywords
from archdsl.layers.translation.heads import first, written
from archdsl.layers.translation.paddings import settle
from archdsl.layers.translation.words import Parameter, Word, plain, words
from archdsl.record import record

Given = Sequence[tuple[str | None, Any]]


@record
class Translation:
    """Layers as the language writes them."""

    text: str
    notes: tuple[str, ...] = ()
    """What one should know: what was left out, and what is another thing here."""
    is_exact: bool = True
    """Whether it is the same layer, argument for argument."""
    is_doubtful: bool = False
    """Whether the word may mean something else as well."""
    origin: str = ""


def find(name: str, origin: str = "") -> list[Word]:
    """What a name may stand for, the likeliest first: as it is written, then of an origin, then of the others."""
    found = list(words().get(plain(name), ()))
    # Where somebody spells it just so, the call is theirs: `Conv2d` is PyTorch's, `Conv2D` Keras's.
    found = [word for word in found if word.name == name] or found
    return sorted(found, key=lambda word: word.origin != origin if origin else word.name != name)


def activation(value: Any, origin: str = "") -> str:
    """The layer that an argument such as Keras's `activation="relu"` names; empty where there is none of that name."""
    name = str(value).rpartition(".")[2] if isinstance(value, str) else ""
    if plain(name) in keywords():
        return plain(name)
    made = translate(name, (), origin) if name else None
    return made.text if made is not None else ""


def translate(name: str, given: Given | None, origin: str = "") -> Translation | None:
    """A layer of somebody else's by its name and arguments; None for a name that nobody has.

    Without arguments in brackets, `given` is None, and only the word is translated.
    """
    if plain(name) == "activation" and given:
        name = activation(given[0][1])
        return Translation(name) if name else None
    found = find(name, origin)
    if not found:
        return None
    if given is None:
        return _bare(found[0])
    for word in found:
        made = _called(word, given)
        if made is not None:
            return made
    return None


def bare(name: str) -> Word | None:
    """What a name most likely stands for."""
    return next(iter(find(name)), None)


def _bare(word: Word) -> Translation | None:
    kind = word.kind
    if any(field and kind.model_fields[field].is_required() for field in (kind.digits, kind.dash, *first(kind))):
        return None
    return Translation(" ".join((kind.keyword, *word.behind)), (), True, word.is_doubtful, word.origin)


def _called(word: Word, given: Given) -> Translation | None:
    """The head for a call; None where the arguments are not those that the word takes."""
    bound = _bound(word, given)
    if bound is None:
        return None
    fields: dict[str, Any] = {}
    behind: list[str] = []
    notes: list[str] = []
    is_exact = True
    for parameter, value in bound:
        match parameter.field:
            case "":
                if re.match(r"(in|num)_(channels|features)", parameter.name) and not isinstance(value, str):
                    what = parameter.name.rpartition("_")[2]
                    notes.append(f"that {value} {what} arrive the layer knows by itself")
            case "!":
                if value is not None:
                    notes.append(f"`{parameter.name}` has no like here")
                    is_exact = False
            case "+":
                if value not in (None, "linear"):
                    name = activation(value, word.origin)
                    behind += [name] if name else []
                    is_exact = is_exact and bool(name)
            case "bn":
                behind[:0] = ["bn"] if value else []
            case "from":
                is_exact = is_exact and value == 1
            case "kept":
                fields["momentum"] = round(1 - value, 10) if isinstance(value, float) else value
            case field:
                fields[field] = value
    more, same = settle(word.kind, fields, word.origin)
    text = written(word.kind, fields)
    if text is None:
        return None
    return Translation(
        " ".join((text, *behind, *word.behind)), (*more, *notes), is_exact and same, word.is_doubtful, word.origin
    )


def _bound(word: Word, given: Given) -> list[tuple[Parameter, Any]] | None:
    """Each argument with its value, those that aren't given with what they are elsewhere."""
    taken = [each for each in word.parameters or () if not each.is_fixed]
    if word.parameters is None:
        return None if given else []
    found: dict[str, tuple[Parameter, Any]] = {}
    for name, value in given:
        if name is None:
            free = [each for each in taken if each.name not in found]
            if not free:
                return None
            found[free[0].name] = (free[0], value)
            continue
        parameter = next((each for each in taken if each.name == name), None)
        if parameter is None:
            if name in ("name", "input_shape", "device", "dtype", "input_dim", "trainable", "padding_value"):
                continue
            if not re.search(r"initializer|regularizer|constraint", name):
                return None
            parameter = Parameter(name, "!")
        found[name] = (parameter, value)
    for each in word.parameters:
        if each.has_default and each.name not in found:
            found[each.name] = (each, each.default)
    return list(found.values())


def together(made: Iterable[Translation]) -> Translation:
    """Several layers one behind the other."""
    each = tuple(made)
    return Translation(
        " ".join(one.text for one in each),
        tuple(dict.fromkeys(note for one in each for note in one.notes)),
        all(one.is_exact for one in each),
        any(one.is_doubtful for one in each),
        each[0].origin if each else "",
    )
