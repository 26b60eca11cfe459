"""`archdsl show`: a spec on its way to a source, stage by stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from archdsl.cli.opening import network_arguments

if TYPE_CHECKING:
    from archdsl.limits import Limits


def _known(context: click.Context, option: click.Parameter, value: str) -> str:
    """The name of a stage; which there are is asked only when one is given."""
    from archdsl.stages.base import stages

    if value not in stages():
        raise click.BadParameter(f"`{value}` is none of {', '.join(stages())}", context, option)
    return value


class _Stages(click.Option):
    """An option whose help names the stages there are, which are asked for their names when help is."""

    @property
    def help(self) -> str:
        from archdsl.stages.base import stages

        return f"{', '.join(stages())}."

    @help.setter
    def help(self, value: str | None) -> None:
        """What is set is passed over: the stages say it themselves."""


@click.command()
@network_arguments
@click.option(
    "--stage",
    cls=_Stages,
    metavar="NAME",
    callback=_known,
    default="ir",
    show_default=True,
)
def command(spec: str, variant: str | None, settings: dict[str, str], limits: Limits, stage: str) -> None:
    """Show what becomes of a spec, at one stage of the way.

    Tokens and the tree are there for every text in the language, the others for specs without mistakes.
    """
    from archdsl.opening.library import find
    from archdsl.stages.base import Way, stages

    found = find(spec)
    way = Way(found.read(limits), found.folder, variant or found.variant, settings, limits)
    for line in stages()[stage].lines(way):
        print(line)
