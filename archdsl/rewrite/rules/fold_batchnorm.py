"""Batch norms folded into the convolutions ahead of them.

>>> import archdsl
>>> before = "arch net  input 3x8x8  after conv [bn relu]  conv3-16 conv3-32/2  gap  fc-10"
>>> print(archdsl.loads(before).rewrite("fold-batchnorm").text)
arch net
input 3x8x8
after conv [relu]
conv3-16 conv3-32/2 gap fc-10
<BLANKLINE>
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from archdsl.analysis.dataflow import Operation
from archdsl.analysis.instances import Instance
from archdsl.elaborate.binding import split_digits
from archdsl.elaborate.residuals import PROJECTION_SOURCE
from archdsl.layers.biased import BiasedLayer
from archdsl.layers.normalization import BatchNorm
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.flow import Readers, places, restricted
from archdsl.rewrite.heads import head_itself
from archdsl.rewrite.rule import Array, Rewrite, Travel, nothing
from archdsl.rewrite.text import Change, Turned
from archdsl.syntax import tree


class FoldBatchnorm(Rewrite):
    """A batch norm directly behind a convolution or linear layer goes, and the layer has its scale and offset.

    With kept statistics a batch norm is y = (x − μ)·γ/√(σ² + ε) + β for each channel (Ioffe & Szegedy 2015,
    algorithm 2), which is linear: the filters are scaled by s = γ/√(σ² + ε), and the bias is (b − μ)·s + β. That is
    equal in evaluation; in training there is nothing left that would measure the batch.

    A batch norm stays that follows something else: an activation, a merge, as DenseNet's first of each pair; also one
    whose text stands for several places of which some can't be folded, and one that keeps no statistics.
    """

    name = "fold-batchnorm"
    exact = True
    in_training = False

    def rewrite(self, draft: Draft, at: str | None, **switches: bool) -> Draft:
        readers = Readers(draft)
        norms = [layer for layer in draft.all_layers if isinstance(layer.node.layer, BatchNorm)]
        if not norms:
            raise nothing(self, draft, "there is no `bn`")
        folded = {layer for layer in norms if _folds(draft, layer, readers)}
        biases = _heads_without_bias(draft, folded)
        by_head = draft.by_head()
        whole = {head: layers for head, layers in by_head.items() if all(layer in folded for layer in layers)}
        whole = restricted(self, draft, whole, at)
        projections = _projections(draft, norms, folded) if at is None else []
        if not whole and not projections:
            raise nothing(self, draft, "no `bn` directly follows a layer that it could be folded into")
        kept = {head for head in whole if any(map(draft.is_referenced, whole[head]))}
        changes = [Change(head.span, (Turned(head.span, "identity"),)) for head in kept]
        changes += draft.removals([head for head in whole if head not in kept])
        changes += [Change(head.span, (f"{head_itself(head)}(bn=false)",)) for head in projections]
        gone = {layer for layers in whole.values() for layer in layers}
        gone |= {layer for layer in folded if projections and _is_projection(layer)}
        for head, argument in biases.items():
            if all(any(norm.follows is layer for norm in gone) for layer in by_head[head]):
                changes.append(Change(argument.value.span, ("true",)))
        left = [layer for layer in norms if layer not in gone]
        if left:
            draft.notes.append(
                f"{len({layer.name for layer in left})} batch norms stay, having nothing to fold into: {places(left)}"
            )
        return draft.change(changes)

    def paired(
        self, before: Draft, draft: Draft, old: Sequence[Instance], new: Sequence[Instance]
    ) -> dict[Instance, Instance]:
        # An identity that keeps the label of a batch norm isn't it.
        return {
            each: was
            for each, was in super().paired(before, draft, old, new).items()
            if type(each.node.layer) is type(was.node.layer)
        }

    def stands_for(self, new: Operation, old: Operation, gone: Sequence[Operation]) -> int | None:
        if not gone or not isinstance(gone[0].what, BatchNorm) or not isinstance(old.what, BiasedLayer):
            return None
        if not isinstance(new.what, BiasedLayer) or not new.what.has_bias or new.takes != old.takes:
            return None
        alike = old.what.model_copy(update={"bias": new.what.bias}) == new.what
        foldable = old.what.filter_axis(old.takes[0]) is not None and gone[0].what.track_running_stats
        return 1 if alike and foldable else None

    def travels(self, new: Instance, old: Instance | None, gone: Sequence[Instance] = ()) -> Iterator[Travel]:
        norm = next((layer for layer in gone if isinstance(layer.node.layer, BatchNorm)), None)
        if old is None or norm is None:
            yield from super().travels(new, old, gone)
            return
        layer, x = old.node.layer, old.node.input
        assert isinstance(layer, BiasedLayer)
        fold = _Fold(layer.filter_axis(x), norm)
        known = tuple(old.keys())
        statistics = tuple(key for key in norm.keys() if not key.endswith("num_batches_tracked"))  # noqa: SIM118
        for key, shape in new.keys().items():
            how = fold.bias if key.endswith(".bias") else fold.weight
            yield Travel(key, shape, (*known, *statistics), how)


class _Fold:
    """The arithmetic of one batch norm, on a layer's weight, its bias where it has one, and the norm's own arrays."""

    def __init__(self, axis: int | None, norm: Instance) -> None:
        assert isinstance(norm.node.layer, BatchNorm)
        self.axis = axis
        self.eps = norm.node.layer.eps
        self.affine = norm.node.layer.affine

    def weight(self, weight: Array, *others: Array) -> Array:
        factor, _ = self._line(others)
        if self.axis == 0:
            return weight * factor.reshape(-1, *(1,) * (weight.ndim - 1))
        # Each group of the channels that arrive has filters of its own, which stand on the second axis.
        groups = factor.size // weight.shape[1]
        scaled = weight.reshape(groups, -1, *weight.shape[1:])
        scaled = scaled * factor.reshape(groups, 1, -1, *(1,) * (weight.ndim - 2))
        return scaled.reshape(weight.shape)

    def bias(self, weight: Array, *others: Array) -> Array:
        factor, offset = self._line(others)
        return others[0] * factor + offset if self._has_bias(others) else offset

    def _line(self, others: tuple[Array, ...]) -> tuple[Array, Array]:
        """The norm as y = factor · x + offset, in double precision."""
        own = [each.astype("float64") for each in (others[1:] if self._has_bias(others) else others)]
        mean, variance = own[-2:]
        deviation = (variance + self.eps) ** 0.5
        factor = own[0] / deviation if self.affine else 1 / deviation
        return factor, (own[1] if self.affine else 0) - mean * factor

    def _has_bias(self, others: tuple[Array, ...]) -> bool:
        return len(others) == (5 if self.affine else 3)


def _folds(draft: Draft, norm: Instance, readers: Readers) -> bool:
    """Whether a batch norm can be folded into the layer ahead of it."""
    layer, ahead = norm.node.layer, norm.follows
    assert isinstance(layer, BatchNorm)
    if ahead is None or not layer.track_running_stats or not isinstance(ahead.node.layer, BiasedLayer):
        return False
    if ahead.node.layer.filter_axis(ahead.node.input) is None or draft.is_referenced(ahead):
        return False
    # Behind what is folded the layer has a bias again, unless another norm follows.
    if any(each.node.layer.follows_bias for each in readers.of(norm) if each.home is norm.home):
        return False
    return _bias_argument(draft, ahead) is not None or not _says_no_bias(draft, ahead)


def _says_no_bias(draft: Draft, layer: Instance) -> bool:
    """Whether a layer has no bias even where no norm follows: it was handed over so, or a `default` says it."""
    inner = layer.node.layer
    if "bias" in inner.model_fields_set and getattr(inner, "bias", None) is False:
        return True
    return any(
        each.name is not None
        and each.name.text == "bias"
        and not (isinstance(each.value, tree.Literal) and each.value.value is True)
        for program in draft.program.files
        for item in program.file.items
        for node in item.walk()
        if isinstance(node, tree.Default) and node.keyword.text == inner.keyword
        for each in node.call.arguments
    )


def _bias_argument(draft: Draft, layer: Instance) -> tree.Argument | None:
    """The `bias=…` of a layer's head."""
    head = draft.head(layer)
    if head is None:
        return None
    return next((each for each in head.arguments if each.name is not None and each.name.text == "bias"), None)


def _heads_without_bias(draft: Draft, folded: set[Instance]) -> dict[tree.Head, tree.Argument]:
    """The heads that say `bias=false` and have to say `true`; norms behind one that can't are left out of `folded`."""
    ahead = {norm.follows for norm in folded}
    found: dict[tree.Head, tree.Argument] = {}
    for head, layers in draft.by_head().items():
        argument = _bias_argument(draft, layers[0]) if any(layer in ahead for layer in layers) else None
        if argument is None or all(getattr(layer.node.layer, "bias", None) is True for layer in layers):
            continue
        if all(layer in ahead for layer in layers):
            found[head] = argument
        else:
            folded -= {norm for norm in folded if norm.follows in layers}
    return found


def _is_projection(layer: Instance) -> bool:
    return layer.node.span.source.name == PROJECTION_SOURCE


def _projections(draft: Draft, norms: Iterable[Instance], folded: set[Instance]) -> list[tree.Head]:
    """The `project` of the file, where all that they put in can be folded."""
    made = [norm for norm in norms if _is_projection(norm)]
    elsewhere = any(
        isinstance(node, tree.Head) and node.name.text == "project"
        for program in draft.program.files[1:]
        for item in program.file.items
        for node in item.walk()
    )
    if not made or elsewhere or not all(norm in folded for norm in made):
        return []
    heads = [head for head in draft.heads.values() if split_digits(head.name.text)[0] == "project"]
    return [head for head in heads if head.call is None]
