"""`archdsl layers`: the reference of the layers and merges, made from their classes."""

from __future__ import annotations

import click


@click.command()
@click.argument("name", metavar="[NAME]", required=False)
def command(name: str | None) -> None:
    """Show all layers and merges, or everything about one.

    It is found by its name here, and by what PyTorch, Keras, Darknet and papers call it.
    """
    from archdsl.diagnostics import ArchError, similar_help
    from archdsl.elaborate.binding import UnknownLayer
    from archdsl.elaborate.foreign import merge_words
    from archdsl.layers.base import keywords
    from archdsl.layers.reference import describe, notation, render
    from archdsl.layers.translation.translate import find
    from archdsl.merge_reference import describe as describe_merge
    from archdsl.merge_reference import notation as merge_notation
    from archdsl.merge_reference import render as render_merge
    from archdsl.merges.base import joins

    known, merges = keywords(), joins()
    if name is None:
        rows = [
            (notation(kind).split("(")[0], (kind.__doc__ or "").strip().split("\n")[0])
            for _, kind in sorted(known.items())
        ]
        rows += [
            (merge_notation(kind), (kind.__doc__ or "").strip().split("\n")[0]) for _, kind in sorted(merges.items())
        ]
        width = max(len(head) for head, _ in rows)
        for head, summary in rows:
            print(f"{head:<{width}}  {summary}")
    elif name in known:
        print(render(describe(known[name])), end="")
    elif name in merges:
        print(render_merge(describe_merge(merges[name])), end="")
    elif found := find(name):
        for kind in dict.fromkeys(word.kind for word in found):
            print(f"{name} is {kind.keyword} here\n")
            print(render(describe(kind)), end="")
    elif merge := merge_words().get(name.rpartition(".")[2].lower()):
        print(f"{name} is {merge} here\n")
        print(render_merge(describe_merge(merges[merge])), end="")
    else:
        raise ArchError(
            UnknownLayer(
                None,
                f"there is no layer `{name}`",
                helps=similar_help(name, [*known, *merges], "a layer") or ["`archdsl layers` shows all"],
            )
        )
