"""`archdsl explain`: what a diagnostic means, with a spec that has the mistake and one that doesn't."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from archdsl.diagnostics import Diagnostic


@click.command()
@click.argument("code", metavar="[CODE]", required=False)
@click.option("--all", "everything", is_flag=True, help="Explain every code.")
def command(code: str | None, everything: bool) -> None:
    """Say what a mistake's code means.

    A code is what stands in square brackets, such as `shape-too-small`. A spec with the mistake and the same
    spec mended are shown.
    """
    from archdsl.catalogue import kinds
    from archdsl.diagnostics import similar

    if (code is None) != everything:
        raise click.UsageError("give a code, or --all")
    known = kinds()
    if code is not None and code not in known:
        meant = " or ".join(f"`{each}`" for each in similar(code, known))
        raise click.UsageError(f"there is no code `{code}`" + (f"; perhaps {meant}" if meant else ""))
    print("\n\n".join(_text(known[each]) for each in ([code] if code else known)))


def _text(kind: type[Diagnostic]) -> str:
    parts = [f"{kind.severity}[{kind.code}]", inspect.cleandoc(kind.__doc__ or "")]
    if kind.asked:
        parts += ["A command that has it:", _indented(kind.asked[0]), "Mended:", _indented(kind.asked[1])]
    if kind.bad:
        parts += ["A spec that has it:", _indented(kind.bad), "Mended:", _indented(kind.mended)]
    return "\n\n".join(parts)


def _indented(spec: str) -> str:
    from archdsl.diagnostics.columns import safe

    lines = spec.splitlines()
    return "\n".join(f"    {safe(line)}".rstrip() for line in lines)
