"""A head of fully connected layers replaced by global average pooling.

>>> import archdsl
>>> before = "arch net  input 3x8x8  conv3-16 relu maxpool  fc-32 relu dropout  fc-10"
>>> print(archdsl.loads(before).rewrite("fc-to-gap").text)
arch net
input 3x8x8
conv3-16 relu maxpool conv1-10 gap
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archdsl.analysis.dataflow import Operation
from archdsl.analysis.instances import Instance
from archdsl.layers.base import Role
from archdsl.layers.convolution import Conv
from archdsl.layers.linear import FullyConnected
from archdsl.layers.pooling import AdaptivePool, GlobalAvgPool
from archdsl.layers.reshape import Flatten
from archdsl.rewrite.afters import governing, is_bare_head
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.flow import heads_of, restricted, upstream
from archdsl.rewrite.heads import arguments_kept, head_text, number_text, statement_of, window_fields
from archdsl.rewrite.rule import Rewrite, Travel, impossible, nothing
from archdsl.rewrite.text import Change, Turned
from archdsl.shape import Layout
from archdsl.syntax import tree


class FcToGap(Rewrite):
    """The fully connected layers at the end go; a 1×1 convolution scores each place, and `gap` takes the mean.

    Lin, Chen & Yan 2014, section 3.2: a map for each class, and its mean in place of fully connected layers. The new
    head has weights of its own and is to be trained; those ahead of it travel. What belonged to the old one goes with
    it: its activations and dropouts, and a pooling to a fixed size ahead. A network whose `fc` meets a vector, as
    behind `gap`, has such a head already.
    """

    name = "fc-to-gap"
    exact = False

    def rewrite(self, draft: Draft, at: str | None, **switches: bool) -> Draft:
        full = restricted(self, draft, heads_of(self, draft, FullyConnected), at)
        last = self._last(draft, full)
        old: dict[Instance, None] = {}
        for layer in last:
            old |= dict.fromkeys(_head_of(layer))
        if not any(_meets_a_map(layer) for layer in (*last, *old)):
            raise nothing(self, draft, "no `fc` meets a map, so that its mean may be taken already")
        by_head = draft.by_head()
        end = draft.head(last[0])
        assert end is not None
        gone = [head for head in dict.fromkeys(filter(None, map(draft.head, old))) if head is not end]
        for head in gone:
            other = next((layer for layer in by_head[head] if layer not in old), None)
            if other is not None:
                raise impossible(
                    self,
                    head.span,
                    "it belongs to the old head here and to something else there",
                    f"also `{other.name}`",
                )
        changes = draft.removals(gone)
        bare = ("bare",) if governing(draft, end, Conv.keyword) is not None else ()
        more = (*bare, *(text for text in arguments_kept(end, frozenset({"features"})) if text != "bare"))
        dash = number_text(end, end.size, "features")
        fields = window_fields((1,) * last[0].node.input.rank or (1, 1))
        text = head_text(draft, Conv, digits="1", dash=dash, fields=fields, more=more)
        statement = statement_of(draft, end)
        if isinstance(statement, tree.Statement) and statement.repeat is not None:
            raise impossible(self, statement.span, "the last `fc` is one of a repeat", "several of them")
        changes.append(Change(end.span, (Turned(end.span, text), f" {GlobalAvgPool.keyword}")))
        changes += self._unused_afters(draft, [end, *gone])
        return draft.change(changes)

    def stands_for(self, new: Operation, old: Operation, gone: Sequence[Operation]) -> int | None:
        return 0 if isinstance(old.what, FullyConnected) and isinstance(new.what, Conv) else None

    def travels(self, new: Instance, old: Instance | None, gone: Sequence[Instance] = ()) -> Iterator[Travel]:
        if old is not None and type(old.node.layer) is type(new.node.layer):
            yield from super().travels(new, old, gone)

    def _last(self, draft: Draft, full: dict[tree.Head, list[Instance]]) -> list[Instance]:
        """The `fc` that makes the scores, in each variant. Raises where there is none, or several texts of it."""
        found: list[Instance] = []
        for layers in draft.layers.values():
            chosen = [layer for each in full.values() for layer in each if layer in layers]
            if not chosen:
                raise nothing(self, draft, "there is no `fc`")
            found.append(max(chosen, key=layers.index))
        heads = {draft.head(layer) for layer in found}
        if len(heads) != 1:
            raise impossible(
                self, found[1].node.span, "the variants end with different `fc`", "the last of one variant"
            )
        return found

    def _unused_afters(self, draft: Draft, gone: list[tree.Head]) -> list[Change]:
        """What an `after fc` says that no `fc` is left for."""
        left = [head for head in draft.by_head() if head.name.text == FullyConnected.keyword and head not in gone]
        return [
            Change(item.span)
            for item in draft.items(tree.After)
            if item.keyword.text == FullyConnected.keyword
            and not any(
                governing(draft, head, FullyConnected.keyword) is item and not is_bare_head(head) for head in left
            )
        ]


def _meets_a_map(layer: Instance) -> bool:
    return isinstance(layer.node.layer, (FullyConnected, Flatten)) and layer.node.input.layout is Layout.CHANNELS_FIRST


def _head_of(last: Instance) -> list[Instance]:
    """What is ahead of the last `fc` and belongs to it, backwards as far as a map that convolutions made."""
    found: list[Instance] = []
    met = _meets_a_map(last)
    for each in upstream(last):
        layer = each.node.layer
        if not met:
            if not (
                layer.elementwise or isinstance(layer, (FullyConnected, Flatten)) or layer.role is Role.NORMALIZATION
            ):
                break
            met = _meets_a_map(each)
        elif not (layer.role is Role.DROPOUT or isinstance(layer, AdaptivePool)):
            break
        found.append(each)
    return found
