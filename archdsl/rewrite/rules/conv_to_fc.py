"""Convolutions as large as their input as fully connected layers.

>>> import archdsl
>>> before = 'arch net  input 3x8x8  conv3-16 relu maxpool  conv4-32(padding="valid") relu  conv1-10'
>>> print(archdsl.loads(before).rewrite("conv-to-fc").text)
arch net
input 3x8x8
conv3-16 relu maxpool fc-32 relu fc-10
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archdsl.analysis.instances import Instance
from archdsl.ir.nodes import Merge
from archdsl.layers.base import Layer
from archdsl.layers.convolution import Conv, ConvHead
from archdsl.layers.linear import FullyConnected
from archdsl.layers.pooling import AdaptiveAvgPool, AdaptivePool, GlobalAvgPool
from archdsl.layers.reshape import Flatten, Reshape
from archdsl.rewrite.afters import Followers
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.flow import Readers, in_training_only, restricted, takes, upstream
from archdsl.rewrite.forms import covers
from archdsl.rewrite.heads import arguments_kept, bias_field, head_itself, head_text, number_text
from archdsl.rewrite.peeling import join
from archdsl.rewrite.rule import Rewrite, impossible, nothing
from archdsl.rewrite.text import Change, Turned
from archdsl.shape import Layout, Shape
from archdsl.syntax import tree

_WINDOW = frozenset({"channels", "kernel", "stride", "padding", "dilation", "groups", "padding_mode"})


class ConvToFc(Rewrite):
    """A convolution that sees its whole input at once, and all 1×1 behind it, become `fc` with the same weights.

    The inverse of `fc-to-conv`: what that has put in is taken out (`flatten` at the end, `reshape` to C×1×1,
    `shrink=false`), and `adaptive-avgpool1` ahead becomes `gap`. It begins where all that follows takes a vector;
    elsewhere a convolution stays one. `conv-head` becomes `fc` wherever it stands.
    """

    name = "conv-to-fc"
    exact = True
    lays_out_anew = True

    def rewrite(self, draft: Draft, at: str | None, **switches: bool) -> Draft:
        readers = Readers(draft)
        converted = {layer for layer in draft.all_layers if not in_training_only(layer) and _converts(layer, readers)}
        found = restricted(self, draft, self._heads(draft, converted), at)
        if not found:
            why = "no convolution sees its whole input, with nothing behind it that needs a map"
            raise nothing(self, draft, why)
        chosen = {layer for layers in found.values() for layer in layers}
        changes: list[Change] = []
        for kind in (Conv, ConvHead):
            heads = {head: layers for head, layers in found.items() if type(layers[0].node.layer) is kind}
            followers = Followers(self, draft, heads, kind.keyword, FullyConnected.keyword)
            changes += followers.changes()
            for head, layers in heads.items():
                more = followers.arguments(head, _WINDOW)
                dash = number_text(head, head.size, "channels")
                fields = bias_field(self, draft, head, layers, kind, FullyConnected)
                text = head_text(draft, FullyConnected, dash=dash, fields=fields, more=more)
                changes.append(Change(head.span, (Turned(head.span, text),)))
        changes += _ahead(draft, [layer for layer in chosen if isinstance(layer.node.layer, Conv)])
        changes += _flattens(draft, chosen)
        return draft.change(changes)

    def finish(self, draft: Draft) -> Draft:
        made = _with_common_beginning(draft)
        if any(isinstance(item.target, tree.Template) for item in made.items(tree.Init)):
            # Copies that a repeat makes couldn't be named.
            return made
        return join(made, _heads_of_class(made, FullyConnected))

    def _heads(self, draft: Draft, converted: set[Instance]) -> dict[tree.Head, list[Instance]]:
        found: dict[tree.Head, list[Instance]] = {}
        for head, layers in draft.by_head().items():
            chosen = [layer in converted for layer in layers]
            if all(chosen):
                found[head] = layers
            elif any(chosen):
                raise impossible(
                    self,
                    head.span,
                    "one text sees its whole input here and slides there",
                    "serves several places",
                    "`archdsl rewrite unfold` gives each place a text of its own",
                )
        return found


def _heads_of_class(draft: Draft, kind: type[Layer]) -> list[tree.Head]:
    return [head for head, layers in draft.by_head().items() if isinstance(layers[0].node.layer, kind)]


def _covers(layer: Instance) -> bool:
    """Whether a convolution has one window, which is its whole input."""
    conv = layer.node.layer
    return isinstance(conv, Conv) and conv.groups == 1 and covers(conv, layer.node.input)


def _converts(layer: Instance, readers: Readers) -> bool:
    """Whether a layer can be an `fc`: then all that follows takes a vector."""
    if isinstance(layer.node.layer, ConvHead):
        return True
    if not _covers(layer):
        return False
    here = layer
    for each in readers.behind(layer):
        here = each
        if _covers(each) or isinstance(each.node.layer, Flatten):
            continue
        x = each.node.input
        made = takes(each, Shape.vector(x.channels)) if x.layout is Layout.CHANNELS_FIRST else each.node.output
        if made is None or made.channels != each.node.output.channels or made.rank != 0:
            return False
        if each.node.output.rank == 0:
            return True
    if readers.is_last(here):
        return True
    # Factors for channels may be a vector as well.
    inner = here.around[-1] if here.around else None
    return isinstance(inner, Merge) and inner.join.takes_factors and inner.output.rank > 0 and not readers.of(here)


def _ahead(draft: Draft, converted: Iterable[Instance]) -> Iterator[Change]:
    """What made a map for the convolutions alone."""
    for head in _heads_ahead(draft, converted):
        layer = draft.by_head()[head][0].node.layer
        if isinstance(layer, Reshape):
            yield from draft.removals([head])
        elif isinstance(layer, AdaptiveAvgPool) and layer.size == 1 and layer.shrink:
            yield Change(head.span, (Turned(head.span, GlobalAvgPool.keyword),))
        elif isinstance(layer, AdaptivePool) and not layer.shrink:
            more = arguments_kept(head, frozenset({"shrink"}))
            text = head_itself(head) + (f"({', '.join(more)})" if more else "")
            yield Change(head.span, (Turned(head.span, text),))


def _heads_ahead(draft: Draft, converted: Iterable[Instance]) -> list[tree.Head]:
    chosen = set(converted)
    found: dict[Instance, None] = {}
    for layer in chosen:
        for each in upstream(layer):
            inner, x = each.node.layer, each.node.input
            single = all(size == 1 for size in each.node.output.spatial)
            if isinstance(inner, AdaptivePool) or (isinstance(inner, Reshape) and x.rank == 0 and single):
                found[each] = None
            # A vector must get through as the map did.
            plain = each.node.output == x and (each in chosen or takes(each, Shape.vector(x.channels)) is not None)
            if not (plain or each in chosen):
                break
    by_head = draft.by_head()
    heads = dict.fromkeys(filter(None, map(draft.head, found)))
    return [head for head in heads if all(layer in found for layer in by_head[head])]


def _flattens(draft: Draft, converted: set[Instance]) -> list[Change]:
    """A flatten of what is a vector now."""
    gone: list[tree.Head] = []
    for head, layers in draft.by_head().items():
        if all(isinstance(layer.node.layer, Flatten) and _is_vector(layer, converted) for layer in layers):
            gone.append(head)
    return draft.removals(gone)


def _is_vector(layer: Instance, converted: set[Instance]) -> bool:
    for each in upstream(layer):
        if each in converted:
            return True
        if each.node.output != each.node.input:
            return False
    return False


def _with_common_beginning(draft: Draft) -> Draft:
    """One `init fc` in place of equal ones that name every `fc` singly; none for what `fc` begins with by itself."""
    named: dict[str, tree.Init] = {}
    for item in draft.items(tree.Init):
        if isinstance(item.target, tree.Template):
            named[item.target.span.text] = item
        elif item.target.text == FullyConnected.keyword:
            return draft
    full = [layer for layer in draft.all_layers if isinstance(layer.node.layer, FullyConnected)]
    rules = {named[layer.name]: _rule_text(named[layer.name]) for layer in full if layer.name in named}
    changes = [Change(item.span) for item, rule in rules.items() if rule == "default"]
    if len(set(rules.values())) == 1 and not changes and all(layer.name in named for layer in full):
        first, *others = rules
        target = draft.source.span(first.target.span.start - 1, first.target.span.end)
        changes = [Change(target, (FullyConnected.keyword,)), *(Change(each.span) for each in others)]
    return draft.change(changes) if changes else draft


def _rule_text(item: tree.Init) -> str:
    return item.span.source.text[item.rule.span.start : item.span.end]
