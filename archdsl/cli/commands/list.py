"""`archdsl list`: the specs that come with archdsl."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Show the specs that come with archdsl.

    Each stands with its variants; every name works wherever a file does.
    """
    from archdsl.opening.library import contents

    specs = list(contents())
    width = max((len(each.path.name) for each in specs), default=0)
    for each in specs:
        print(f"{each.path.name:<{width}}  {' '.join(each.variants)}".rstrip())
