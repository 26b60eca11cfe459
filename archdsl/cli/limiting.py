"""`--limit NAME=N`, which every command has that reads a spec."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from archdsl.limits import Limits

Command = TypeVar("Command", bound=Callable[..., Any])


def limit_option(command: Command) -> Command:
    """Give a command `--limit`, which it takes as `limits`."""
    option = click.option(
        "--limit",
        "limits",
        metavar="NAME=N",
        multiple=True,
        callback=_limits,
        help="Let a spec ask for more, or for less: a diagnostic names the limit that it met. May be repeated.",
    )
    return option(command)


def _limits(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> Limits:
    from archdsl.limits import USUAL, Limits, meanings

    if not values:
        return USUAL
    known = meanings()
    given: dict[str, int] = {}
    for value in values:
        name, _, number = value.partition("=")
        if name not in known:
            raise click.BadParameter(f"`{name}` is no limit; there are {', '.join(known)}", context, option)
        digits = number.replace("_", "")
        if not (digits.isascii() and digits.isdigit() and len(digits) <= 20):
            raise click.BadParameter(f"`{value}` is not NAME=N with a whole number", context, option)
        given[name] = int(digits)
    try:
        return Limits(**given)
    except ValueError as error:
        raise click.BadParameter(str(error), context, option) from None
