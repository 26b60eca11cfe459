"""Recipes as TOML: read with the place of each mistake, written as they are read."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from archdsl.diagnostics import ArchError, Diagnostic, Source, Span, similar_help
from archdsl.opening.reading import read_source
from archdsl.recipes.recipe import Recipe

NETWORK = ("variant", "input", "set")
"""What a file may say of the network, besides the fields of a recipe."""


class UnreadableRecipe(Diagnostic):
    """A recipe that is no TOML."""

    code = "unreadable-recipe"


class UnknownSetting(Diagnostic):
    """A recipe says something that no training has."""

    code = "unknown-setting"


class BadSetting(Diagnostic):
    """A recipe gives something a value that it can't have."""

    code = "bad-setting"


def read_recipe(path: Path, more: tuple[str, ...] = ()) -> dict[str, Any]:
    """What a file says, checked one by one; `more` are names that it may hold besides.

    Raises ArchError for every mistake in it, and OSError.
    """
    source = read_source(path)
    try:
        said = tomllib.loads(source.text)
    except tomllib.TOMLDecodeError as error:
        raise ArchError(UnreadableRecipe(_decoding_place(source, str(error)), "this is no TOML", str(error))) from None
    found: list[Diagnostic] = []
    known = [*Recipe.model_fields, *NETWORK, *more]
    for name in said:
        if name not in known:
            helps = similar_help(name, known, "a setting") or ["settings are " + ", ".join(known)]
            found.append(UnknownSetting(_place(source, name), f"there is no setting `{name}`", helps=helps))
    if not isinstance(said.get("set", {}), dict):
        found.append(BadSetting(_place(source, "set"), "`set` is a table of parameters", helps=["[set]\nclasses = 10"]))
    found += _mistakes({name: value for name, value in said.items() if name in Recipe.model_fields}, source)
    if found:
        raise ArchError(*found)
    return said


def recipe_of(said: Mapping[str, Any]) -> Recipe:
    """The recipe of settings by their names. Raises ArchError for values that they can't have."""
    mistakes = list(_mistakes(said, None))
    if mistakes:
        raise ArchError(*mistakes)
    return Recipe(**said)


def _mistakes(said: Mapping[str, Any], source: Source | None) -> Iterator[Diagnostic]:
    try:
        Recipe(**said)
    except ValidationError as error:
        for each in error.errors(include_url=False):
            name = str(each["loc"][0])
            reason = each["msg"][0].lower() + each["msg"][1:]
            at = None if source is None else _place(source, name)
            yield BadSetting(at, f"`{name}` can't be `{said.get(name)}`: {reason}", "this one")


def _place(source: Source, name: str) -> Span | None:
    found = re.search(rf"^[ \t]*\[?({re.escape(name)})\b", source.text, re.MULTILINE)
    return None if found is None else source.span(*found.span(1))


def _decoding_place(source: Source, reason: str) -> Span | None:
    found = re.search(r"at line ([0-9]+), column ([0-9]+)", reason)
    if found is None:
        return None
    lines = source.text.split("\n")
    at = sum(len(line) + 1 for line in lines[: int(found[1]) - 1]) + int(found[2]) - 1
    return source.span(min(at, len(source.text)), min(at + 1, len(source.text)))


def toml(said: Mapping[str, Any]) -> str:
    """Settings as a file that `read_recipe` takes; what is None is left out, and `set` comes last."""
    lines = [f"{name} = {_value(value)}" for name, value in said.items() if value is not None and name != "set"]
    if said.get("set"):
        lines += ["", "[set]", *(f"{name} = {_value(value)}" for name, value in said["set"].items())]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    # A string of JSON is one of TOML, but for the delete character.
    return json.dumps(str(value)).replace("\x7f", "\\u007f")
