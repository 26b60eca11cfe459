"""Poolings replaced by convolutions with a stride, as in the all-convolutional net.

>>> import archdsl
>>> before = "arch net  input 3x8x8  conv3-16 relu maxpool  conv3-32 relu"
>>> print(archdsl.loads(before).rewrite("maxpool-to-strided-conv").text)
arch net
input 3x8x8
conv3-16/2 relu conv3-32 relu
<BLANKLINE>
>>> print(archdsl.loads(before).rewrite("maxpool-to-strided-conv", added=True).text)
arch net
input 3x8x8
conv3-16 relu conv2-{in_channels}/2 relu conv3-32 relu
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from archdsl.analysis.dataflow import Operation
from archdsl.analysis.instances import Instance
from archdsl.layers.base import Role
from archdsl.layers.convolution import Conv
from archdsl.layers.pooling import Pool
from archdsl.layers.window import WindowLayer
from archdsl.rewrite.afters import governing
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.flow import Readers, in_training_only, places, restricted, upstream
from archdsl.rewrite.heads import axes_text, head_text, padding_field, statement_of
from archdsl.rewrite.peeling import peel, repeat_around
from archdsl.rewrite.rule import Rewrite, impossible, nothing
from archdsl.rewrite.text import Change, Part, Turned
from archdsl.shape import Dim, Window
from archdsl.syntax import tree


class MaxpoolToStridedConv(Rewrite):
    """A pooling goes, and the convolution ahead of it takes its stride; or a convolution stands in its place.

    Springenberg, Dosovitskiy, Brox & Riedmiller 2015, section 2, has both: the first is their "Strided-CNN", the
    second, with the kernel and stride of the pooling and as many filters as channels, their "All-CNN". Neither is
    equal to what was there: a maximum is no weighted sum. A mean is one, but its weights would be learned too, so
    that average pooling with a stride is treated alike (LeNet-5 has no other). Poolings without a stride stay, and so
    do those that no convolution of their own path is ahead of, which `--added` replaces.

    An added convolution is followed by what an `after conv` in force says, else by the activation of the one ahead.
    """

    name = "maxpool-to-strided-conv"
    exact = False
    ways_out = ("`--added` puts a convolution in the place of each pooling", *Rewrite.ways_out)
    options = {"added": "put a convolution in the place of each pooling, and leave the others as they are"}

    def rewrite(self, draft: Draft, at: str | None, **switches: bool) -> Draft:
        if switches.get("added"):
            return self._add(draft, restricted(self, draft, _pools(draft), at))
        while True:
            pools = restricted(self, draft, _pools(draft), at)
            moved = {head: layers for head, layers in pools.items() if all(map(_ahead, layers))}
            strides, mixed, fixed = self._strides(draft, moved)
            if not mixed:
                break
            draft = peel(self, draft, mixed, first=False)
        moved = {head: layers for head, layers in moved.items() if not fixed & {*map(_ahead, layers)}}
        if not moved:
            why = (
                "no pooling has a stride"
                if not pools
                else "no convolution is ahead of a pooling that could take its stride"
            )
            raise nothing(self, draft, why, *(["`--added` puts one in its place"] if pools else []))
        left = [layer for head, layers in pools.items() if head not in moved for layer in layers]
        if left:
            draft.notes.append(f"{places(left)} stay: no convolution ahead can take the stride; --added puts one there")
        strides, _, _ = self._strides(draft, moved)
        changes = [change for head, step in strides.items() for change in _with_stride(draft, head, step)]
        named = [head for head in moved if any(map(draft.is_referenced, pools[head]))]
        changes += [Change(head.span, (Turned(head.span, "identity"),)) for head in named]
        changes += draft.removals([head for head in moved if head not in named])
        return draft.change(changes)

    def stands_for(self, new: Operation, old: Operation, gone: Sequence[Operation]) -> int | None:
        if isinstance(old.what, Pool):
            return 0 if isinstance(new.what, Conv) else None
        if not isinstance(old.what, WindowLayer) or type(new.what) is not type(old.what):
            return None
        stride = getattr(new.what, "stride", None)
        return 0 if old.what.model_copy(update={"stride": stride}) == new.what else None

    def _strides(
        self, draft: Draft, moved: dict[tree.Head, list[Instance]]
    ) -> tuple[dict[tree.Head, tuple[Dim, ...]], list[tree.Head], set[Instance | None]]:
        """The heads of convolutions with the stride of the poolings behind them.

        Beside them the heads in repeats of which only the last turn has a pooling behind it, and the convolutions whose
        text can't be changed, as it serves others.
        """
        steps = {_ahead(pool): _steps(pool) for layers in moved.values() for pool in layers}
        strides: dict[tree.Head, tuple[Dim, ...]] = {}
        mixed: list[tree.Head] = []
        fixed: set[Instance | None] = {layer for layer in steps if layer is not None and draft.head(layer) is None}
        for head, layers in draft.by_head().items():
            wanted = {steps.get(layer) for layer in layers}
            if wanted == {None}:
                continue
            if len(wanted) == 1:
                (strides[head],) = filter(None, wanted)
            elif repeat_around(draft, head) is not None:
                mixed.append(head)
            else:
                fixed |= {layer for layer in layers if layer in steps}
        return strides, mixed, fixed

    def _add(self, draft: Draft, pools: dict[tree.Head, list[Instance]]) -> Draft:
        if not pools:
            raise nothing(self, draft, "there is no pooling with a stride")
        readers = Readers(draft)
        changes: list[Change] = []
        for head, layers in pools.items():
            after = governing(draft, head, Conv.keyword)
            bare = () if after is None else ("bare",)
            texts = {_in_place(draft, layer, bare) for layer in layers}
            if len(texts) > 1:
                # No padding makes the same sizes of all that arrive.
                texts = {_in_place(draft, layer, bare, exactly=False) for layer in layers}
            if len(texts) > 1:
                raise impossible(
                    self, head.span, "it pools with one window here and with another there", "one text for both"
                )
            parts: list[Part] = [Turned(head.span, texts.pop())]
            following = _activation(layers[0], readers) if after is None else _spliced(after)
            if following is not None:
                parts += [" ", following]
            statement = statement_of(draft, head)
            alone = not isinstance(statement, tree.Statement) or statement.repeat is not None
            if len(parts) > 1 and alone:
                parts = ["[", *parts, "]"]
            changes.append(Change(head.span, tuple(parts)))
        return draft.change(changes)


def _pools(draft: Draft) -> dict[tree.Head, list[Instance]]:
    """The heads that make poolings with a stride and nothing else."""
    return {
        head: layers
        for head, layers in draft.by_head().items()
        if all(
            isinstance(layer.node.layer, Pool)
            and any(step != 1 for step in _steps(layer))
            and not in_training_only(layer)
            for layer in layers
        )
    }


def _steps(layer: Instance) -> tuple[Dim, ...]:
    assert isinstance(layer.node.layer, Pool)
    return layer.node.layer.steps(layer.node.input)


def _ahead(pool: Instance) -> Instance | None:
    """The convolution that could take a pooling's stride: nothing but what keeps the shape stands between."""
    for each in upstream(pool):
        layer = each.node.layer
        if isinstance(layer, WindowLayer) and layer.role is Role.CONVOLUTION:
            return each
        if each.node.output != each.node.input:
            return None
    return None


def _with_stride(draft: Draft, head: tree.Head, steps: tuple[Dim, ...]) -> Iterator[Change]:
    """What makes a convolution's stride so many times as long."""
    argument = next((each for each in head.arguments if each.name is not None and each.name.text == "stride"), None)
    old = head.stride if head.stride is not None else argument.value if argument is not None else None
    if old is None:
        end = head.call.span.start if head.call is not None else head.span.end
        yield Change(draft.source.span(end, end), (f"/{axes_text(steps)}",))
        return
    known = _numbers(old, len(steps))
    if known is not None:
        product: tuple[Any, ...] = tuple(step * each for step, each in zip(steps, known, strict=True))
        text = axes_text(product) if old is head.stride else str(product if len(set(product)) > 1 else product[0])
    else:
        factor = steps[0] if len(set(steps)) == 1 else None
        text = f"({old.span.text}) * {factor}" if factor is not None else old.span.text
    yield Change(old.span, (text,))


def _numbers(expression: tree.Expression, count: int) -> tuple[int, ...] | None:
    if isinstance(expression, tree.Literal) and isinstance(expression.value, int):
        return (expression.value,) * count
    if isinstance(expression, tree.Items) and len(expression.items) == count:
        inner = [each.value for each in expression.items if isinstance(each, tree.Literal)]
        numbers = tuple(each for each in inner if isinstance(each, int))
        return numbers if len(numbers) == count else None
    return None


def _in_place(draft: Draft, pool: Instance, more: tuple[str, ...], exactly: bool = True) -> str:
    """The convolution of a pooling's window, `exactly` with the padding that makes the same size."""
    layer, x = pool.node.layer, pool.node.input
    assert isinstance(layer, Pool)
    windows = layer.windows(x)
    padding = tuple(_padding(window, size, exactly) for window, size in zip(windows, x.spatial, strict=True))
    dilation = tuple(window.dilation for window in windows)
    half = tuple(window.dilation * (window.kernel - 1) // 2 for window in windows)
    fields: dict[str, Any] = {"groups": 1, "padding_mode": "zeros", "padding": padding_field(padding, half)}
    fields["dilation"] = dilation[0] if len(set(dilation)) == 1 else dilation
    return head_text(
        draft,
        Conv,
        digits=axes_text(tuple(window.kernel for window in windows)),
        dash="{in_channels}",
        slash=axes_text(tuple(window.stride for window in windows)),
        fields=fields,
        more=more,
    )


def _spliced(after: tree.After) -> str:
    """What follows by an `after`, as it is written beside a layer."""
    if not isinstance(after.body, tree.Group):
        return after.body.span.text
    return (
        after.span.source.text[after.body.items[0].span.start : after.body.items[-1].span.end]
        if after.body.items
        else ""
    )


def _padding(window: Window, size: Dim, exactly: bool) -> Dim:
    """The padding with which a convolution makes the pooling's size: more of it where that counts a broken window."""
    wanted, least = window.output(size), window.padding[0]
    if not (exactly and window.ceil and isinstance(least, int) and isinstance(window.kernel, int)):
        return least
    for padding in range(least, window.kernel + 1):
        if Window(window.kernel, window.stride, (padding, padding), window.dilation).output(size) == wanted:
            return padding
    return least


def _activation(pool: Instance, readers: Readers) -> str | None:
    """The activation of the convolution ahead, unless one follows the pooling anyway."""
    following = readers.of(pool)
    if following and all(each.node.layer.role is Role.ACTIVATION for each in following):
        return None
    ahead = next((each for each in upstream(pool) if each.node.layer.role is Role.ACTIVATION), None)
    return ahead.node.layer.written if ahead is not None else "relu"
