"""Global average pooling as a convolution as large as the map, whose weights can then be learned.

>>> import archdsl
>>> before = "arch net  input 3x16x16  conv3-10/2 relu  gap"
>>> print(archdsl.loads(before).rewrite("gap-to-conv-head").text)
arch net
input 3x16x16
conv3-10/2 relu conv-head-{in_channels}
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archdsl.analysis.dataflow import Operation
from archdsl.analysis.instances import Instance
from archdsl.layers.convolution import ConvHead
from archdsl.layers.pooling import GlobalAvgPool
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.flow import heads_of, places, restricted
from archdsl.rewrite.heads import head_text
from archdsl.rewrite.rule import Array, Rewrite, Travel, nothing
from archdsl.rewrite.text import Change, Turned
from archdsl.shape import Dim


class GapToConvHead(Rewrite):
    """`gap` becomes `conv-head` with as many filters as channels, which begins as the mean and can be learned.

    A mean over H×W places is a convolution of that size with 1/(H·W) where a filter meets its own channel, and 0
    elsewhere. With weights the new layer gets these, and the network computes the same; without, it begins as
    convolutions do. The network is then for images of one size. A `gap` inside a branch is left alone: it is no
    end of a network but a gate, say of squeeze-and-excitation; `--at` names one that is meant nevertheless.
    """

    name = "gap-to-conv-head"
    exact = True

    def rewrite(self, draft: Draft, at: str | None, **switches: bool) -> Draft:
        found = restricted(self, draft, heads_of(self, draft, GlobalAvgPool), at)
        if at is None:
            inner = {head: layers for head, layers in found.items() if any(layer.around for layer in layers)}
            if inner:
                draft.notes.append(
                    f"{places(layers for each in inner.values() for layers in each)} stay: inside a branch"
                )
            found = {head: layers for head, layers in found.items() if head not in inner}
        if not found:
            raise nothing(self, draft, "there is no `gap`" + (f" below `{at}`" if at else " at the end of it"))
        text = head_text(draft, ConvHead, dash="{in_channels}", fields={"bias": None})
        return draft.change(Change(head.span, (Turned(head.span, text),)) for head in found)

    def stands_for(self, new: Operation, old: Operation, gone: Sequence[Operation]) -> int | None:
        made = new.makes == old.makes and new.takes == old.takes
        return 0 if made and isinstance(old.what, GlobalAvgPool) and isinstance(new.what, ConvHead) else None

    def travels(self, new: Instance, old: Instance | None, gone: Sequence[Instance] = ()) -> Iterator[Travel]:
        if old is None or not isinstance(old.node.layer, GlobalAvgPool) or not isinstance(new.node.layer, ConvHead):
            yield from super().travels(new, old, gone)
            return
        for key, shape in new.keys().items():
            yield Travel(key, shape, (), lambda shape=shape: mean_of_own(shape) if len(shape) > 1 else zeros(shape))


def zeros(shape: tuple[Dim, ...]) -> Array:
    """No offset at all."""
    import numpy

    return numpy.zeros(shape, numpy.float32)


def mean_of_own(shape: tuple[Dim, ...]) -> Array:
    """Filters that each are the mean of their own channel: C×C×H×W, 1/(H·W) on the diagonal."""
    import numpy

    weight = numpy.zeros(shape, numpy.float64)
    own = numpy.arange(len(weight))
    weight[own, own] = 1 / weight[0, 0].size
    return weight
