"""Pictures of networks with Graphviz: `dot` gives the text, `render` writes a file.

A network becomes a drawing (`composition`), a long one is set in columns (`columns`), the drawing is
printed as DOT (`printing`), and a program makes the file (`writing`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from archdsl.backends.graphviz.columns import break_into_columns
from archdsl.backends.graphviz.composition import Composer
from archdsl.backends.graphviz.drawing import Drawing, TooLarge
from archdsl.backends.graphviz.printing import print_dot
from archdsl.backends.graphviz.writing import RenderError, form_of, write_picture
from archdsl.ir.nodes import Architecture
from archdsl.writing import Place, output

__all__ = ["Direction", "RenderError", "dot", "form_of", "render"]

Direction = Literal["TB", "LR"]

READABLE = 52
"""The most boxes that a drawing gets where no depth is asked for."""
LARGEST = 2000
"""The most boxes of any drawing."""


def dot(architecture: Architecture, *, direction: Direction = "TB", depth: int | None = None, fold: bool = True) -> str:
    """The network as DOT, Graphviz's language; the same text for the same network.

    `direction` is "TB" (down) or "LR" (to the right). `depth` is how many levels of blocks and labelled
    groups are opened; without it, as many as stay readable. `fold` puts a normalization, activation or
    dropout into the box of the layer before it. Repeats are one frame always. Raises RenderError where
    the picture would be too large.
    """
    drawing = _compose(architecture, depth, fold)
    break_into_columns(drawing, direction)
    return print_dot(drawing, direction)


def render(
    architecture: Architecture,
    path: str | Path | Place,
    *,
    direction: Direction = "TB",
    depth: int | None = None,
    fold: bool = True,
    force: bool = False,
) -> Path:
    """Write a picture of the network, as SVG, PNG, PDF or DOT by the file's suffix, and give its path.

    A file that archdsl didn't write, or that was changed since, is replaced only with `force`. Raises RenderError,
    whose text is one line, where that format can't be made here, and OSError where the file can't be written.
    """
    form = form_of(path.path if isinstance(path, Place) else Path(path))
    place = output(path, form, force)
    place.require()
    write_picture(dot(architecture, direction=direction, depth=depth, fold=fold), form, place)
    return place.path


def _compose(architecture: Architecture, depth: int | None, fold: bool) -> Drawing:
    if depth is not None:
        return _opened(architecture, depth, fold, LARGEST)[0]
    # Each level is tried anew: at most READABLE boxes are made in vain.
    best: Drawing | None = None
    level, more = 0, True
    while more:
        try:
            best, more = _opened(architecture, level, fold, LARGEST if best is None else READABLE)
        except RenderError:
            if best is None:
                raise
            break
        level += 1
    assert best is not None
    return best


def _opened(architecture: Architecture, depth: int, fold: bool, limit: int) -> tuple[Drawing, bool]:
    """The drawing with this many levels opened, and whether more could be."""
    composer = Composer(architecture, depth, fold, limit)
    try:
        return composer.drawing(), composer.closed
    except TooLarge:
        raise RenderError(f"the picture would have more than {limit} boxes: ask for a smaller depth") from None
