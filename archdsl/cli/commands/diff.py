"""`archdsl diff`: two networks layer by layer."""

from __future__ import annotations

import click

from archdsl.cli.opening import open_network


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--variant", metavar="NAME", help="The variant of both, where their names don't say one.")
@click.option("--format", "format_", type=click.Choice(["text", "json"]), default="text", show_default=True)
def command(before: str, after: str, variant: str | None, format_: str) -> None:
    """Show what two networks differ in, layer by layer.

    A and B are files, or names of specs or variants that come with archdsl. Layers that came are marked `+`, those that
    went `-`, and changed ones `~` with what they were and are; equal blocks in a row are one. Below stand
    the parameters and MACs of both.
    """
    from archdsl.analysis.alignment import difference
    from archdsl.backends.difference import difference_json, difference_text
    from archdsl.opening.library import find

    names = [(name, None if find(name).variant else variant) for name in (before, after)]
    old, new = (open_network(name, chosen, {}).architecture for name, chosen in names)
    pairs = difference(old, new)
    print({"text": difference_text, "json": difference_json}[format_](old, new, pairs))
