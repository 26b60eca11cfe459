"""The options that say how to train: one for each field of a recipe, with its bounds and its description."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, get_args, get_origin

import click

from archdsl.recipes.recipe import Recipe

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Command = TypeVar("Command", bound=Callable[..., Any])


def recipe_options(*, without: Iterable[str] = ()) -> Callable[[Command], Command]:
    """Give a command an option for each field of a recipe, None where it isn't given, and `--recipe`."""

    def give(command: Command) -> Command:
        for name, field in reversed(Recipe.model_fields.items()):
            if name not in without:
                command = _option(name, field)(command)
        file = click.Path(path_type=Path)
        return click.option(
            "--recipe", type=file, metavar="FILE.toml", help="Settings by the names of these options; options win."
        )(command)

    return give


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Those fields of a recipe that options were given for."""
    return {name: options[name] for name in Recipe.model_fields if options.get(name) not in (None, ())}


def _option(name: str, field: FieldInfo) -> Callable[[Command], Command]:
    flag = "--" + name.replace("_", "-")
    kind, several = _kind(field)
    default = field.default
    text = field.description
    if not (default is None or default is False or default == () or default is True):
        text = f"{text} By default `{default}`."
    if kind is bool:
        return click.option(f"{flag}/--no-{flag[2:]}", name, default=None, help=text)
    metavar = None if isinstance(kind, click.Choice) else _metavar(name, kind)
    return click.option(flag, name, type=kind, multiple=several, metavar=metavar, help=text)


def _kind(field: FieldInfo) -> tuple[Any, bool]:
    """The type of an option that takes what a field takes, and whether it may be repeated."""
    kind = field.annotation
    if get_origin(kind) in (Union, types.UnionType):
        kind = next(each for each in get_args(kind) if each is not type(None))
    if get_origin(kind) is tuple:
        return str, True
    if get_origin(kind) is Literal:
        return click.Choice(get_args(kind)), False
    if kind in (int, float):
        bounds: dict[str, Any] = {}
        for each in field.metadata:
            for bound, key, open_ in (
                ("ge", "min", False),
                ("gt", "min", True),
                ("le", "max", False),
                ("lt", "max", True),
            ):
                if (value := getattr(each, bound, None)) is not None:
                    bounds[key] = value
                    bounds |= {f"{key}_open": True} if open_ else {}
        if kind is int and bounds.pop("max_open", False):
            bounds["max"] -= 1
        return (click.IntRange if kind is int else click.FloatRange)(**bounds), False
    return (click.Path(path_type=Path) if kind is Path else kind), False


def _metavar(name: str, kind: Any) -> str:
    return "N" if isinstance(kind, (click.IntRange, click.FloatRange)) else name.rpartition("_")[2].upper()
