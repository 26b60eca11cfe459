"""Sizes that come out smaller than they were meant to."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.diagnostics import Edit
from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Architecture, LayerNode
from archdsl.layers.window import WindowLayer
from archdsl.lints.lint import Lint, head_at, layers
from archdsl.syntax import tree

WORTH_SAYING = 20
"""An axis is worth a word where at least one in so many places is lost. An odd size is often just what an image has."""

_AXES = {1: ("place",), 2: ("row", "column"), 3: ("frame", "row", "column")}


class EvenKernel(Lint):
    """A convolution with an even kernel and half padding, which makes the map smaller by one.

    Half padding, ⌊(k−1)/2⌋ on each side, keeps the size for odd kernels only. With a stride there is no warning,
    as conv4/2 halves exactly. Where it is meant, `padding="half"` says so.
    """

    code = "even-kernel"
    bad = "arch net\ninput 3x8x8\nconv2-4\n"
    mended = 'arch net\ninput 3x8x8\nconv2-4(padding="same")\n'

    @classmethod
    def in_network(cls, program: Program, network: Architecture) -> Iterator[Lint]:
        for node in layers(network):
            layer, x = node.layer, node.input
            if not isinstance(layer, WindowLayer) or not layer.has_half_padding or "padding" in layer.model_fields_set:
                continue
            windows = zip(layer.windows(x), x.spatial, strict=True)
            if any(window.stride == 1 and window.output(size) != size for window, size in windows):
                yield cls(
                    node.span,
                    f"`{layer.written}` has an even kernel and makes the map smaller",
                    f"{x} arrives, {node.output} leaves",
                    notes=layer.arithmetic(x),
                    helps=['`padding="same"` keeps the size, `padding="half"` says that this is meant'],
                    fixes=_with_argument(program, node, 'padding="same"'),
                )


class SizeLost(Lint):
    """Rows or columns at the end of a map that no window reaches, as the size doesn't divide by the stride.

    It is said where a twentieth of the axis or more is lost, at the size of the declared input. What lies in the
    padding or between windows that are set apart on purpose, as in `conv1-64/2`, is no loss. Where it is meant,
    `ceil=false` or a padding that is written out says so.
    """

    code = "size-lost"
    bad = "arch net\ninput 1x7x7\nmaxpool\n"
    mended = "arch net\ninput 1x7x7\nmaxpool(ceil=true)\n"

    @classmethod
    def in_network(cls, program: Program, network: Architecture) -> Iterator[Lint]:
        for node in layers(network):
            layer, x = node.layer, node.input
            if not isinstance(layer, WindowLayer) or {"padding", "ceil"} & layer.model_fields_set:
                continue
            lost = [
                (_counted(unseen, axis), size)
                for window, size, axis in zip(layer.windows(x), x.spatial, _AXES[x.rank], strict=True)
                if isinstance(size, int) and 0 < (unseen := window.unseen(size)) * WORTH_SAYING >= size
            ]
            if not lost:
                continue
            ceil = "ceil" in type(layer).model_fields
            yield cls(
                node.span,
                f"`{layer.written}` never sees {' and '.join(f'the last {what}' for what, _ in lost)} of {x}",
                f"{x} arrives, {node.output} leaves",
                notes=layer.arithmetic(x),
                helps=[
                    "`ceil=true` takes what is left over into one more window, `ceil=false` says that this is meant"
                    if ceil
                    else "a padding that is written out, as `padding=0`, says that this is meant"
                ],
                fixes=_with_argument(program, node, "ceil=true") if ceil else (),
            )


def _counted(number: int, what: str) -> str:
    return what if number == 1 else f"{number} {what}s"


def _with_argument(program: Program, node: LayerNode, argument: str) -> tuple[Edit, ...]:
    """The edit that gives a layer one more argument; it makes another network, so that it is not safe."""
    head = head_at(program, node.span)
    if head is None:
        return ()
    return (with_argument(head, argument),)


def with_argument(head: tree.Head, argument: str, safe: bool = False) -> Edit:
    """The edit that adds an argument to those of a head."""
    source = head.span.source
    if head.call is None:
        return Edit(source.span(head.span.end, head.span.end), f"({argument})", safe)
    between = ", " if head.arguments else ""
    end = head.arguments[-1].span.end if head.arguments else head.span.end - 1
    return Edit(source.span(end, end), f"{between}{argument}", safe)
