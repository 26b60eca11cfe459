"""`archdsl zoo`: all networks that come with archdsl, side by side."""

from __future__ import annotations

import click


@click.command()
@click.option(
    "--format", "format_", type=click.Choice(["text", "csv", "markdown", "json"]), default="text", show_default=True
)
def command(format_: str) -> None:
    """Show all networks that come with archdsl, side by side.

    Parameters and MACs are computed from the specs (1 MAC = 2 FLOPs). What stands behind them is what
    others reported: `top1` is the accuracy on ImageNet in per cent, `recipe` the weights or the paper that
    it is of, `mean_iu` the mean intersection over union on PASCAL VOC 2011 in per cent.
    """
    from archdsl import zoo

    formats = {"text": zoo.zoo_text, "csv": zoo.zoo_csv, "markdown": zoo.zoo_markdown, "json": zoo.zoo_json}
    print(formats[format_](list(zoo.entries())))
