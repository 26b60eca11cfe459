"""`-o FILE` and `--force`, which every command has that writes a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from archdsl.writing import Output
from archdsl.writing.marks import Form

if TYPE_CHECKING:
    from archdsl.elaborate.program import Program

Command = TypeVar("Command", bound=Callable[..., Any])


def force_option(command: Command) -> Command:
    """Give a command `--force`."""
    text = "Replace a file even if archdsl didn't write it, or it was changed since."
    return click.option("--force", is_flag=True, help=text)(command)


def output(path: Path, form: Form, force: bool, program: Program, *others: str | Path | None) -> Output:
    """The file that a command writes, which is none that it reads: those of its spec, and others.

    Raises OSError where it can't be written to, so that this is known before anything is worked out.
    """
    files = [Path(each.file.source.name) for each in program.files]
    made = Output(path, form, force=force, inputs=[*files, *(Path(each) for each in others if each is not None)])
    made.require()
    return made
