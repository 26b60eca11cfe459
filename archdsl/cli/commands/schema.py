"""`archdsl schema`: the JSON schema of a network's structure."""

from __future__ import annotations

import click


@click.command()
def command() -> None:
    """Print the JSON schema of networks.

    It describes what `Network.to_json()` gives.
    """
    import json

    from archdsl.ir.document import schema

    print(json.dumps(schema(), indent=2, ensure_ascii=False))
