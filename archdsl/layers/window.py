"""Layers that slide a window: what convolutions and poolings share."""

from __future__ import annotations

from typing import Any, Literal

from archdsl.diagnostics import ArchError, Diagnostic
from archdsl.formula import formula
from archdsl.layers.base import ImpossibleLayer, Layer, require
from archdsl.layers.sight import View, along, window
from archdsl.shape import Dim, Layout, Shape, Window
from archdsl.symbolic import assume_that, compare

PaddingMode = Literal["zeros", "reflect", "replicate", "circular"]


class ShapeTooSmall(Diagnostic):
    """A window doesn't fit into its input, so that nothing would come out."""

    code = "shape-too-small"
    bad = "arch net\ninput 1x4x4\nmaxpool x3\n"
    mended = "arch net\ninput 1x4x4\nmaxpool x2\n"


class WindowLayer(Layer):
    """A layer whose output size is that of a window sliding along each spatial axis."""

    ranks = frozenset({1, 2, 3})
    layouts = frozenset({Layout.CHANNELS_FIRST})
    output_is_scratch = True

    def windows(self, x: Shape) -> tuple[Window, ...]:
        """One window for each spatial axis of `x`."""
        raise NotImplementedError

    @property
    def has_half_padding(self) -> bool:
        """Whether the padding is worked out to keep the size, which it does for odd kernels."""
        return False

    def arithmetic(self, x: Shape) -> tuple[str, ...]:
        axes = zip(self.windows(x), x.spatial, strict=True)
        return tuple(dict.fromkeys(padding_formula(window, size) for window, size in axes))

    def view(self, x: Shape) -> View:
        return along(map(window, self.windows(x)))

    def slide(self, x: Shape) -> tuple[Dim, ...]:
        """The spatial sizes that come out; raises ArchError where a window does not fit."""
        windows = self.windows(x)
        sizes = tuple(window.output(size) for window, size in zip(windows, x.spatial, strict=True))
        if any(isinstance(size, int) and size < 1 for size in sizes):
            raise ArchError(too_small(self, x, windows, sizes))
        for size in sizes:
            assume_that(size, ">=", 1)
        return sizes


def require_padding(mode: PaddingMode, pads: tuple[tuple[Dim, Dim], ...], x: Shape) -> None:
    """Raise where a padding needs more of the map than there is.

    A mirror image leaves out the border itself, and a circle goes round once.
    """
    if mode not in ("reflect", "circular"):
        return
    relation, limit = ("<", "less than") if mode == "reflect" else ("<=", "at most")
    for pair, size in zip(pads, x.spatial, strict=True):
        for pad in pair:
            require(
                compare(relation, pad, size),
                lambda pad=pad, size=size: ImpossibleLayer(  # type: ignore[misc]
                    None, f'padding mode "{mode}" takes {limit} the size {size}, got {pad}', f"{x} arrives here"
                ),
            )


def too_small(layer: Layer, x: Shape, windows: tuple[Window, ...], sizes: tuple[Dim, ...]) -> ShapeTooSmall:
    """The diagnostic for an input that a window does not fit into, with the arithmetic of the worst axis."""
    needed = "x".join(str(_least(window)) for window in windows)
    got = "x".join(str(size) for size in x.spatial)
    worst = next(i for i, size in enumerate(sizes) if isinstance(size, int) and size < 1)
    return ShapeTooSmall(
        None,
        f"`{layer.keyword}` needs an input of at least {needed}, got {got}",
        f"{x} arrives here",
        notes=[padding_formula(windows[worst], x.spatial[worst])],
        helps=["start from a larger input, or shrink the map less on the way"],
    )


def transposed_formula(window: Window, size: Dim, extra: Dim) -> str:
    """The size that a transposed convolution makes, with its numbers put in."""
    kernel = f"{window.dilation}·({window.kernel} − 1)"
    numbers = f"({formula(size)} − 1)·{window.stride} + {kernel} + 1 + {extra} − {sum(window.padding)}"
    made = formula(window.transposed(size, extra))
    return f"o = (i − 1)s + d(k − 1) + 1 + output_padding − 2p = {numbers} = {made}"


def padding_formula(window: Window, size: Dim) -> str:
    """The padding formula with its numbers put in."""
    before, after = window.padding
    opening, closing = ("⌈", "⌉") if window.ceil else ("⌊", "⌋")
    general = f"{opening}(i + 2p − k)/s{closing} + 1"
    kernel = str(window.kernel)
    if window.dilation != 1:
        general = f"{opening}(i + 2p − d(k − 1) − 1)/s{closing} + 1"
        kernel = f"{window.dilation}({window.kernel} − 1) − 1"
    numbers = f"{opening}({formula(size)} + {before + after} − {kernel})/{window.stride}{closing} + 1"
    return f"o = {general} = {numbers} = {formula(window.output(size))}"


def _least(window: Window) -> Dim:
    before, after = window.padding
    # In ceil mode a last window that is only partly filled counts too.
    room: Any = window.stride - 1 if window.ceil else 0
    least = window.reach - before - after - room
    return max(1, least) if isinstance(least, int) else least
