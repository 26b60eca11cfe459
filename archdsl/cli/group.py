"""The commands, each found by the name of its file and imported only when it is run."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import click

from archdsl import __version__
from archdsl.cli import commands


class Commands(click.Group):
    """A group whose commands are the modules of `archdsl.cli.commands`; each has one called `command`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(module.name for module in pkgutil.iter_modules(commands.__path__))

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"{commands.__name__}.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is named; raises with similar names where there is none."""
        name = args[0] if args else ""
        if name and not name.startswith("-") and name not in self.list_commands(ctx):
            from archdsl.diagnostics import similar

            meant = " or ".join(f"`{each}`" for each in similar(name, self.list_commands(ctx)))
            raise click.UsageError(f"there is no command `{name}`" + (f"; perhaps {meant}" if meant else ""), ctx)
        return super().resolve_command(ctx, args)


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 fine, 1 mistakes in a spec, 2 wrong usage or a file that can't be read or written.",
)
@click.version_option(__version__, prog_name="archdsl", message="%(prog)s %(version)s")
def cli() -> None:
    """Neural-network architectures as the papers print them: shapes, PyTorch source, pictures.

    A SPEC is a file, or the name of a spec or variant that comes with archdsl: `archdsl list` shows them.
    """
