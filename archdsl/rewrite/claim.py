"""What a rule claims of an old network and a new one, held against the flow of tensors of both, without weights.

The new network is gone through operation by operation, and each is asked which tensor of the old one it makes. That is
known of the input, and of any operation that computes what one of the old did, of the same tensors and the same
weights; where a rule puts another layer, it says itself what that makes. What comes out must be what came out.
"""

from __future__ import annotations

import math
from typing import TypeAlias

from archdsl.analysis.dataflow import Dataflow, Operation
from archdsl.analysis.instances import Instance, instances_of
from archdsl.diagnostics import ArchError, Span
from archdsl.layers.base import Layer
from archdsl.merges.base import Join
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.forms import Form, form, has_state, is_random
from archdsl.rewrite.rule import Rewrite, Travel, impossible
from archdsl.shape import Layout, Shape

_Key: TypeAlias = "tuple[object, ...]"


class Correspondence:
    """The layers of a new network with those of an old one in whose places they stand."""

    def __init__(self, rule: Rewrite, before: Draft, draft: Draft, old: Dataflow, new: Dataflow) -> None:
        """Raises CantRewrite where there is more or less of something than its text should make."""
        self.rule = rule
        self.old, self.new = old, new
        self.layers = instances_of(new)
        self.olds = olds = instances_of(old)
        self.pairs = rule.paired(before, draft, tuple(olds.values()), tuple(self.layers.values()))
        numbers = {layer: number for number, layer in olds.items()}
        self.paired = {
            number: numbers[self.pairs[layer]] for number, layer in self.layers.items() if layer in self.pairs
        }
        """The numbers of old operations by those of the new ones."""
        left = set(self.pairs.values())
        self._gone: dict[Instance, list[Instance]] = {}
        for layer in olds.values():
            if layer not in left and layer.follows is not None:
                self._gone.setdefault(layer.follows, []).append(layer)
        self._numbers = numbers

    def gone(self, old: int) -> list[int]:
        """The layers directly behind an old one in whose place nothing stands any more."""
        return [self._numbers[each] for each in self._gone.get(self.olds[old], ())]

    def travels(self, number: int) -> tuple[Travel, ...]:
        """How the weights of a new layer come to be of old ones."""
        layer = self.layers[number]
        was = self.pairs.get(layer)
        return tuple(self.rule.travels(layer, was, self._gone.get(was, ()) if was is not None else ()))


def hold(found: Correspondence) -> None:
    """Raise CantRewrite unless the new network is what the rule claims, with the place in the old text."""
    _Holding(found).hold()


class _Holding:
    def __init__(self, found: Correspondence) -> None:
        self.found = found
        self.rule = found.rule
        self.old, self.new = found.old.operations, found.new.operations
        self.loosely = not self.rule.exact
        self.left = set(found.paired.values())
        nothing = {old for new, old in found.paired.items() if self.form(self.new[new]) is None and not self.rule.exact}
        self.made: dict[_Key, int] = {}
        """Which old operation makes a tensor that has no weights in it, by what is computed and of what."""
        self.tensors: list[int] = []
        """For each old operation the first that makes the same tensor."""
        self.inputs: list[tuple[int, ...]] = []
        for number, operation in enumerate(self.old):
            inputs = tuple(self.tensors[each] for each in operation.inputs)
            self.inputs.append(inputs)
            self.tensors.append(self.tensor(number, operation, inputs, number in nothing))

    def form(self, operation: Operation) -> Form:
        return form(operation, self.loosely)

    def tensor(self, number: int, operation: Operation, inputs: tuple[int, ...], nothing: bool) -> int:
        """The first old operation that makes what one of the old makes."""
        if not isinstance(operation.what, Layer):
            return self.made.setdefault(_joining(operation, inputs), number)
        what = self.form(operation)
        # What an inexact rule has taken out hands on what arrives.
        if what is None or nothing or (self.loosely and number not in self.left):
            return inputs[0]
        if has_state(operation) or is_random(operation):
            return number
        return self.made.setdefault((what, inputs), number)

    def hold(self) -> None:
        images: list[int] = []
        for number, operation in enumerate(self.new):
            images.append(self.image(number, operation, tuple(images[each] for each in operation.inputs)))
        self.comes_out("the network's output", self.found.old.output, self.found.new.output, images)
        old, new = dict(self.found.old.auxiliary), dict(self.found.new.auxiliary)
        if old.keys() != new.keys():
            raise self.refused(None, "the outputs in training would be others")
        for name, number in old.items():
            self.comes_out(f"the output `{name}`", number, new[name], images)

    def image(self, number: int, operation: Operation, inputs: tuple[int, ...]) -> int:
        """The old operation that makes what one of the new makes."""
        if not isinstance(operation.what, Layer):
            made = self.made.get(_joining(operation, inputs))
            if made is None:
                span = self.old[inputs[0]].place.span if inputs else None
                raise self.refused(span, f"a merge of it would be of other tensors: `{_word(operation)}`")
            return made
        what = self.form(operation)
        if what is None:
            return inputs[0]
        was = self.found.paired.get(number)
        if was is None and self.loosely:
            # What an inexact rule has put in is to be trained.
            return inputs[0]
        if not has_state(operation) and not is_random(operation) and (what, inputs) in self.made:
            return self.made[what, inputs]
        if was is None:
            raise self.refused(None, f"a layer `{operation.path}` would have no layer that it stands for")
        return self.stands_for(number, operation, was, inputs)

    def stands_for(self, number: int, operation: Operation, was: int, inputs: tuple[int, ...]) -> int:
        """The old operation that makes what a new one makes that stands in an old one's place."""
        old = self.old[was]
        gone = self.found.gone(was)
        absorbed = self.rule.stands_for(operation, old, [self.old[each] for each in gone])
        if absorbed is None and self.form(operation) != self.form(old):
            assert isinstance(operation.what, Layer)
            why = f"`{old.path}` would be another layer, `{operation.what.written}`"
            if type(operation.what) is type(old.what) and operation.takes != old.takes and self.moved(operation, old):
                why = f"{operation.takes[0]} would arrive at `{old.path}`, whose weights are for {old.takes[0]}"
            elif _elements(old) != _elements(operation):
                why = f"`{old.path}` makes {old.makes}, and would make {operation.makes}"
            raise self.refused(old.place.span, why)
        if inputs != self.inputs[was]:
            raise self.refused(old.place.span, f"another tensor would arrive at `{old.path}`")
        self.weights(number, operation, old, exactly=absorbed is None)
        return self.tensors[was] if not absorbed else self.tensors[gone[absorbed - 1]]

    def moved(self, operation: Operation, old: Operation) -> bool:
        """Whether the weights of two layers differ in size alone."""
        return sorted(size for _, size in self.sizes(operation)) != sorted(size for _, size in self.sizes(old))

    def weights(self, number: int, operation: Operation, old: Operation, exactly: bool) -> None:
        """Raise unless all that a layer holds comes of what the old one holds."""
        known = dict(self.sizes(old))
        travels = {travel.key: travel for travel in self.found.travels(number)}
        for key, shape in operation.keys().items():
            travel = travels.get(key)
            if travel is None:
                if self.loosely:
                    continue
                raise self.refused(old.place.span, f"nothing would come to `{key}`")
            size = math.prod(shape)
            if len(travel.sources) == 1 and travel.sources[0] in known and known[travel.sources[0]] != size:
                why = f"{operation.takes[0]} would arrive at `{old.path}`, whose weights are for {old.takes[0]}"
                raise self.refused(old.place.span, why)
            if exactly and travel.sources != (old.path + key.removeprefix(operation.path),):
                raise self.refused(old.place.span, f"`{key}` would come of {', '.join(travel.sources) or 'nothing'}")
            if self.rule.keeps_names and travel.sources != (key,):
                raise self.refused(old.place.span, f"`{old.path}` would be called `{operation.path}`")

    def sizes(self, operation: Operation) -> list[tuple[str, int]]:
        return [(key, int(math.prod(shape))) for key, shape in operation.keys().items()]

    def comes_out(self, what: str, old: int, new: int, images: list[int]) -> None:
        before, after = self.old[old], self.new[new]
        if images[new] != self.tensors[old]:
            raise self.refused(before.place.span, f"{what} would be another tensor")
        if before.makes != after.makes and not (self.rule.lays_out_anew and _elements(before) == _elements(after)):
            raise self.refused(before.place.span, f"{what} is {before.makes}, and would be {after.makes}")

    def refused(self, span: Span | None, why: str) -> ArchError:
        return impossible(self.rule, span, why, "" if span is None else "not as it was", *self.rule.ways_out)


def _elements(operation: Operation) -> object:
    return operation.makes.elements


def _word(operation: Operation) -> str:
    return operation.what.does() if isinstance(operation.what, Join) else str(operation.what)


def _joining(operation: Operation, inputs: tuple[int, ...]) -> _Key:
    """What a merge makes and of what; the input is a merge of nothing."""
    join, made = operation.what, operation.makes
    if not isinstance(join, Join):
        return join, inputs
    what = (join.does(), *(value for _, value in join))
    # Channels that stand last alternate, and the others follow each other.
    if join.alternates:
        return what, inputs, made if made.layout is Layout.CHANNELS_LAST else None
    stretched = tuple(_stretched(each, made) for each in operation.takes)
    return (what, inputs, stretched, made.channels, made.layout) if any(map(any, stretched)) else (what, inputs)


def _stretched(shape: Shape, made: Shape) -> tuple[bool, ...]:
    """Which axes of a branch are 1 and meet more places than that; those of a vector are its channels' only one."""
    spatial = shape.spatial if shape.rank == made.rank else (1,) * made.rank
    pairs = zip((shape.channels, *spatial), (made.channels, *made.spatial), strict=True)
    return tuple(size != met for size, met in pairs)
