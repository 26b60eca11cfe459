"""Axes in another order than the language has them: channels first, and no batch."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Edit
from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Architecture
from archdsl.layers.linear import Linear
from archdsl.layouts import channels_first
from archdsl.lints.lint import Lint, head_at, layers
from archdsl.shape import Layout


class ChannelsLast(Lint):
    """An input with its channels last, with a batch, or without channels, as others write it: `224x224x3`, `28x28`.

    A spec has the channels first. Where the sizes are what they say, braces around one keep it quiet: `{28}x28` is a
    signal of 28 channels.
    """

    code = "channels-last"
    is_alone = True
    bad = "arch net\ninput 224x224x3\nconv3-8\n"
    mended = "arch net\ninput 3x224x224\nconv3-8\n"

    @classmethod
    def in_text(cls, program: Program) -> Iterator[Lint]:
        if program.input is None:
            return
        span = program.input.span
        found = re.search(r"[0-9]+(?:x[0-9]+)+$", span.text)
        sizes = found[0].split("x") if found is not None and "{" not in span.text else []
        mended = channels_first(sizes)
        if not mended or found is None:
            return
        at = span.source.span(span.start + found.start(), span.end)
        what = {2: "no channels", 3: "its channels last", 4: "a batch ahead"}[len(sizes)]
        yield cls(
            at,
            f"the input `{found[0]}` seems to have {what}",
            f"is read as {sizes[0]} channels",
            helps=[
                f"channels come first, and no batch: `input {mended}`; `{{{sizes[0]}}}{found[0][len(sizes[0]) :]}` is"
                " taken as it stands"
            ],
            fixes=[Edit(at, mended)],
        )


class LinearOnMap(Lint):
    """A `linear` on a map, which takes each row by itself: mostly a flatten was forgotten.

    `fc` flattens a map first. Behind a `permute` that brings the channels to the back, `linear` is quiet.
    """

    code = "linear-on-map"
    bad = "arch net\ninput 3x8x8\nconv3-8 linear-10\n"
    mended = "arch net\ninput 3x8x8\nconv3-8 fc-10\n"

    @classmethod
    def in_network(cls, program: Program, network: Architecture) -> Iterator[Lint]:
        for node in layers(network):
            x = node.input
            if not isinstance(node.layer, Linear) or x.rank < 2 or x.layout is not Layout.CHANNELS_FIRST:
                continue
            head = head_at(program, node.span)
            is_plain = head is not None and head.name.text == "linear"
            yield cls(
                node.span,
                f"`{node.layer.written}` takes each row of the map by itself",
                f"{x} arrives, {node.output} leaves",
                helps=[
                    "`fc` flattens the map first; for each place by itself bring the channels to the back by `permute`"
                ],
                fixes=[Edit(head.name.span, "fc")] if is_plain and head is not None else (),
            )
