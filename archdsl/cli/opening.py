"""The arguments that say which network is meant, which several commands share."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archdsl.cli.limiting import limit_option
from archdsl.limits import USUAL, Limits

if TYPE_CHECKING:
    from archdsl.elaborate.program import Program
    from archdsl.network import Network

Command = TypeVar("Command", bound=Callable[..., Any])


def network_arguments(command: Command) -> Command:
    """Give a command SPEC, `--variant`, `--set` and `--limit`, which `open_network` takes."""
    return click.argument("spec", metavar="SPEC")(variant_options(command))


def variant_options(command: Command) -> Command:
    """Give a command `--variant`, `--set` and `--limit`."""
    for argument in (
        limit_option,
        click.option(
            "--set",
            "settings",
            metavar="NAME=VALUE",
            multiple=True,
            callback=_settings,
            help="Set a parameter; may be repeated.",
        ),
        click.option(
            "--variant", metavar="NAME", help="The variant; the first if there are several and none is named."
        ),
    ):
        command = argument(command)
    return command


def open_network(
    spec: str,
    variant: str | None,
    settings: dict[str, str],
    input: str | None = None,
    limits: Limits = USUAL,
) -> Network:
    """The network that the arguments name; says on stderr which variant was taken for want of a name."""
    from archdsl.network import build
    from archdsl.opening.parameters import from_text

    program, chosen, _ = open_program(spec, variant, limits)
    return build(program, chosen, from_text(program, settings), input)


def open_program(spec: str, variant: str | None, limits: Limits = USUAL) -> tuple[Program, str | None, Path]:
    """A spec taken apart, the variant meant, and its file; says on stderr which was taken for want of a name."""
    from archdsl.opening.imports import read_program
    from archdsl.opening.library import find

    found = find(spec)
    program = read_program(found.read(limits), found.folder, limits)
    chosen = variant or found.variant
    if chosen is None and program.variants:
        chosen, *others = program.variants
        if others:
            print(
                f"note: {spec} has variants; this is the first, `{chosen}` (others: {', '.join(others)})",
                file=sys.stderr,
            )
    return program, chosen, found.path


def _settings(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    settings: dict[str, str] = {}
    for value in values:
        name, equals, text = value.partition("=")
        if not equals or not name.strip() or not text.strip():
            raise click.BadParameter(f"`{value}` is not NAME=VALUE", context, option)
        settings[name.strip()] = text.strip()
    return settings
