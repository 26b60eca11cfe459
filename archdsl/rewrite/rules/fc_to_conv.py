"""Fully connected layers as convolutions, after which a larger image gives a map of scores.

>>> import archdsl
>>> before = "arch net  input 3x8x8  conv3-16 relu maxpool  fc-32 relu  fc-10"
>>> print(archdsl.loads(before).rewrite("fc-to-conv").text)
arch net
input 3x8x8
conv3-16 relu maxpool conv4-32(padding="valid") relu conv1-10
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field

from archdsl.analysis.instances import Instance
from archdsl.layers.convolution import Conv
from archdsl.layers.linear import FullyConnected
from archdsl.layers.pooling import AdaptiveAvgPool, AdaptivePool, GlobalAvgPool
from archdsl.layers.reshape import Flatten
from archdsl.record import record
from archdsl.rewrite.afters import Followers
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.flow import heads_of, restricted, takes, upstream
from archdsl.rewrite.heads import (
    arguments_kept,
    axes_text,
    bias_field,
    head_itself,
    head_text,
    number_text,
    statement_of,
    window_fields,
)
from archdsl.rewrite.peeling import peel
from archdsl.rewrite.rule import Rewrite, impossible, nothing
from archdsl.rewrite.text import Change, Turned
from archdsl.shape import Dim, Layout, Shape
from archdsl.syntax import tree


@record
class _Form:
    """The convolution that one `fc` becomes: its kernel, and what has to become of the layer that made a vector."""

    kernel: tuple[Dim, ...]
    reshapes: bool = False
    """Whether a vector arrives that was no map before, and is made one of C×1×1."""
    vectors: tuple[Instance, ...] = field(default=(), compare=False)
    """The `gap` or `flatten` ahead, which needn't make a vector of the map any more."""


class FcToConv(Rewrite):
    """Every `fc` becomes a convolution with the same weights: as large as its input, and 1×1 on what that makes.

    A weight of `fc`, one number for each element of the map, is the filter of a convolution as large as the map, in the
    same order (Long, Shelhamer & Darrell 2015, section 3.1; Sermanet et al. 2014, section 3.4). On an image of the
    size that the spec declares both give the same; on a larger one the convolutions give a score for each place, at
    about the cost of one.

    An `adaptive-avgpool7` that 7×7 arrives at does nothing there, and would shrink what a larger image gives: it gets
    `shrink=false`. `gap` becomes `adaptive-avgpool1`, which keeps C×1×1, so that there is one score whatever the
    image. A vector that was no map before is made one, by `reshape(in_channels, 1, 1)`. Outputs of training only
    (`aux`) stay.
    """

    name = "fc-to-conv"
    exact = True
    lays_out_anew = True
    options = {"flatten": "end with `flatten`, so that the scores of one image stay a vector"}

    def rewrite(self, draft: Draft, at: str | None, **switches: bool) -> Draft:
        while True:
            found = restricted(self, draft, heads_of(self, draft, FullyConnected), at)
            if not found:
                raise nothing(self, draft, "there is no `fc`" + (f" below `{at}`" if at else ""))
            forms = _Forms(self, draft, found)
            of_head = {head: [forms.of(layer) for layer in layers] for head, layers in found.items()}
            mixed = [head for head, each in of_head.items() if len(set(each)) > 1]
            if not mixed:
                break
            draft = peel(self, draft, mixed, first=True)
        followers = Followers(self, draft, found, FullyConnected.keyword, Conv.keyword)
        changes = list(followers.changes())
        for head, layers in found.items():
            form = of_head[head][0]
            changes.append(Change(head.span, (Turned(head.span, self._text(draft, head, layers, form, followers)),)))
            if form.reshapes:
                start = statement_of(draft, head).span.start
                ones = ", 1" * len(form.kernel)
                changes.append(Change(draft.source.span(start, start), (f"reshape(in_channels{ones}) ",)))
        vectors = [layer for each in of_head.values() for form in each for layer in form.vectors]
        changes += self._without_vectors(draft, vectors)
        changes += self._without_shrinking(draft, [layer for layers in found.values() for layer in layers])
        made = draft.change(changes)
        return _flattened(made) if switches.get("flatten") else made

    def _text(self, draft: Draft, head: tree.Head, layers: list[Instance], form: _Form, followers: Followers) -> str:
        more = followers.arguments(head, frozenset({"features"}))
        fields = window_fields(form.kernel) | bias_field(self, draft, head, layers, FullyConnected, Conv)
        dash = number_text(head, head.size, "features")
        return head_text(draft, Conv, digits=axes_text(form.kernel), dash=dash, fields=fields, more=more)

    def _without_vectors(self, draft: Draft, layers: list[Instance]) -> list[Change]:
        changes: list[Change] = []
        for head, found in _whole_heads(self, draft, layers).items():
            if isinstance(found[0].node.layer, Flatten):
                changes += draft.removals([head])
            else:
                changes.append(Change(head.span, (Turned(head.span, f"{AdaptiveAvgPool.keyword}1"),)))
        return changes

    def _without_shrinking(self, draft: Draft, converted: list[Instance]) -> list[Change]:
        """Pools to a fixed size that arrives anyway let a larger map pass."""
        pools: dict[Instance, None] = {}
        for layer in converted:
            for each in upstream(layer):
                if isinstance(each.node.layer, AdaptivePool):
                    pools[each] = None
                if each.node.output != each.node.input and not isinstance(each.node.layer, Flatten):
                    break
        changes: list[Change] = []
        by_head = draft.by_head()
        for head in dict.fromkeys(filter(None, map(draft.head, pools))):
            found = by_head[head]
            if all(each.node.input == each.node.output and each in pools for each in found):
                more = (*arguments_kept(head, frozenset({"shrink"})), "shrink=false")
                text = f"{head_itself(head)}({', '.join(more)})"
                changes.append(Change(head.span, (Turned(head.span, text),)))
        return changes


class _Forms:
    """Works out what each `fc` becomes."""

    def __init__(self, rule: Rewrite, draft: Draft, found: dict[tree.Head, list[Instance]]) -> None:
        self.rule = rule
        self.draft = draft
        self.converted = {layer for layers in found.values() for layer in layers}
        self.known: dict[Instance, _Form] = {}

    def of(self, layer: Instance) -> _Form:
        if layer not in self.known:
            self.known[layer] = self._form(layer)
        return self.known[layer]

    def _form(self, layer: Instance) -> _Form:
        x = layer.node.input
        if x.layout is Layout.CHANNELS_FIRST:
            return _Form(x.spatial)
        if x.layout is Layout.CHANNELS_LAST:
            raise impossible(self.rule, layer.node.span, "a convolution takes channels first", f"{x} arrives here")
        passed: list[Instance] = []
        for each in upstream(layer):
            inner = each.node.layer
            if each in self.converted:
                ones: tuple[Dim, ...] = (1,) * len(self.of(each).kernel)
                if _pass(passed, x.channels, ones):
                    return _Form(ones)
                break
            if isinstance(inner, (GlobalAvgPool, Flatten)) and each.node.input.layout is Layout.CHANNELS_FIRST:
                spatial = (1,) * each.node.input.rank if isinstance(inner, GlobalAvgPool) else each.node.input.spatial
                channels = each.node.input.channels
                if self.draft.head(each) is not None and _pass(passed, channels, spatial):
                    return _Form(spatial, vectors=(each,))
                break
            if each.node.output != x or each.node.input != x:
                break
            passed.append(each)
        return _Form((1, 1), reshapes=True)


def _pass(layers: Iterable[Instance], channels: Dim, spatial: tuple[Dim, ...]) -> bool:
    """Whether layers that leave a vector's shape alone do the same to the map that it is of."""
    x = Shape((channels, *spatial), Layout.CHANNELS_FIRST)
    single = all(size == 1 for size in spatial)
    return all(takes(layer, x) == x and (single or layer.node.layer.elementwise) for layer in layers)


def _whole_heads(rule: Rewrite, draft: Draft, layers: Iterable[Instance]) -> dict[tree.Head, list[Instance]]:
    """The heads of layers. Raises CantRewrite where one is the text of other layers as well."""
    wanted = set(layers)
    found = {head: each for head, each in draft.by_head().items() if wanted & set(each)}
    for head, each in found.items():
        other = next((layer for layer in each if layer not in wanted), None)
        if other is not None:
            raise impossible(rule, head.span, "this text also makes a vector for another layer", f"also `{other.name}`")
    return found


def _flattened(draft: Draft) -> Draft:
    """A spec whose output is a vector again."""
    end = max(item.span.end for item in draft.program.body)
    return draft.change([Change(draft.source.span(end, end), ("\nflatten",))])
