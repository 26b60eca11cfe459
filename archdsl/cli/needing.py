"""Commands that need more than archdsl is installed with: each says what, and that is asked before anything is done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from archdsl.diagnostics.missing import EXTRAS, require
from archdsl.weights.files import PUBLISHED

Needs = Callable[[Mapping[str, Any]], tuple[str, ...]]
"""From the arguments of a command to the packages that it will import."""

TORCH, TRAIN = EXTRAS["torch"], EXTRAS["train"]


class NeedingCommand(click.Command):
    """A command that imports what may not be installed.

    Where something is missing it ends at once, with what to install: no file is read and none is written.
    """

    def __init__(self, *arguments: Any, needs: Needs, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.needs = needs

    def invoke(self, ctx: click.Context) -> Any:
        require(f"`{ctx.command_path}`", *self.needs(ctx.params))
        return super().invoke(ctx)


def weights_need(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """What reading weights takes: torchvision where they are its own."""
    weights = arguments.get("weights") or ""
    return (*TORCH, "torchvision") if weights.startswith(PUBLISHED) else TORCH


def seeing_needs(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """What a network that sees images takes: where no weights are given, they are a training's."""
    return TRAIN if arguments["weights"] is None else weights_need(arguments)
