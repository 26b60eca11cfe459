"""What a layer is fed by, looked at backwards along the layers that leave a tensor's shape alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archdsl.analysis.instances import Instance
from archdsl.diagnostics import ArchError
from archdsl.ir.nodes import Aux
from archdsl.layers.base import Layer
from archdsl.rewrite.draft import Draft
from archdsl.rewrite.rule import Rewrite, impossible
from archdsl.shape import Shape
from archdsl.syntax import tree


def takes(layer: Instance, x: Shape) -> Shape | None:
    """What a layer would make of another shape, or None where it takes no such thing."""
    try:
        layer.node.layer.check(x)
        return layer.node.layer.output(x)
    except ArchError:
        return None


def upstream(layer: Instance) -> Iterator[Instance]:
    """The layers ahead of one, from it backwards, as far as one alone feeds the next."""
    before = layer.before
    while before is not None and before.around == layer.around:
        yield before
        before = before.before


def in_training_only(layer: Instance) -> bool:
    """Whether a layer is part of an auxiliary output."""
    return any(isinstance(node, Aux) for node in layer.around)


def heads_of(rule: Rewrite, draft: Draft, kind: type[Layer]) -> dict[tree.Head, list[Instance]]:
    """The heads of a class of layers with all layers that they make; those of outputs in training only are left out.

    Raises CantRewrite where one head makes others too, or a layer is no head of the file.
    """
    found: dict[tree.Head, list[Instance]] = {}
    for head, layers in draft.by_head().items():
        chosen = [isinstance(layer.node.layer, kind) and not in_training_only(layer) for layer in layers]
        if all(chosen):
            found[head] = layers
        elif any(chosen):
            raise impossible(
                rule,
                head.span,
                f"one text makes `{kind.keyword}` here and something else there",
                "serves several places",
                "`archdsl rewrite unfold` gives each place a text of its own",
            )
    for layer in draft.all_layers:
        if isinstance(layer.node.layer, kind) and draft.head(layer) is None and not in_training_only(layer):
            raise impossible(
                rule,
                layer.node.span,
                f"this `{kind.keyword}` isn't written in the spec itself",
                "brought in from another file, or handed over by its name",
                "`archdsl rewrite unfold` writes it out",
            )
    return found


def restricted(
    rule: Rewrite, draft: Draft, found: dict[tree.Head, list[Instance]], at: str | None
) -> dict[tree.Head, list[Instance]]:
    """The heads whose layers are below the module `at`. Raises CantRewrite where a text serves others as well."""
    if at is None:
        return found
    kept: dict[tree.Head, list[Instance]] = {}
    for head, layers in found.items():
        inside = [_is_at(layer, at) for layer in layers]
        if all(inside):
            kept[head] = layers
        elif any(inside):
            raise impossible(
                rule,
                head.span,
                f"the text of `{at}` serves other places as well",
                f"also `{next(layer.name for layer in layers if not _is_at(layer, at))}`",
                "leave out `--at`, or give each place a text of its own: `archdsl rewrite unfold`",
            )
    return kept


def _is_at(layer: Instance, at: str) -> bool:
    return layer.name == at or layer.name.startswith(f"{at}.")


def places(layers: Iterable[Instance]) -> str:
    """The names of layers for a message: three at most."""
    names = list(dict.fromkeys(layer.name for layer in layers))
    return ", ".join(f"`{name}`" for name in names[:3]) + (", …" if len(names) > 3 else "")


class Readers:
    """Which layers take a layer's output, and what comes behind."""

    def __init__(self, draft: Draft) -> None:
        self._readers: dict[Instance, list[Instance]] = {}
        self._last: set[Instance] = set()
        for layers in draft.layers.values():
            for layer in layers:
                if layer.before is not None:
                    self._readers.setdefault(layer.before, []).append(layer)
            self._last.update([layer for layer in layers if not in_training_only(layer)][-1:])

    def of(self, layer: Instance) -> list[Instance]:
        """The layers that read a layer's output directly."""
        return self._readers.get(layer, [])

    def behind(self, layer: Instance) -> Iterator[Instance]:
        """The layers behind one, as far as each is the only reader of the one ahead, and in no other branch."""
        while True:
            readers = self.of(layer)
            if len(readers) != 1 or readers[0].around != layer.around:
                return
            layer = readers[0]
            yield layer

    def is_last(self, layer: Instance) -> bool:
        """Whether a layer makes the network's output."""
        return layer in self._last and not layer.around
