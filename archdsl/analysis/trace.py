"""The shape rules of a settled network run again on another input, without elaborating it again.

Every node is visited once for each shape that reaches it, and a repeat only until its shape stays the
same, so that the cost is that of the distinct turns and not of their count.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from archdsl.diagnostics import ArchError
from archdsl.elaborate.branches import BranchMismatch
from archdsl.elaborate.joining import same, same_shape
from archdsl.ir.marks import Path
from archdsl.ir.nodes import Aux, Call, Chain, LayerNode, Merge, Node, Reference, Repeat, reachable
from archdsl.layers.base import assume_bounds
from archdsl.shape import Shape


class Traced(NamedTuple):
    """What a node makes of a shape, and the shapes of the labels that it makes reachable."""

    output: Shape
    marks: Mapping[Path, Shape]


_NO_MARKS: Mapping[Path, Shape] = {}


class Tracer:
    """Runs shape rules, those of auxiliary outputs `in_training` only.

    One tracer may serve many inputs; what it has worked out it keeps.
    """

    def __init__(self, in_training: bool = False) -> None:
        self.in_training = in_training
        self._known: dict[tuple[object, ...], Traced] = {}
        self._targets: dict[Node, tuple[Path, ...]] = {}

    def __call__(self, node: Node, x: Shape, marks: Mapping[Path, Shape] = _NO_MARKS) -> Traced:
        """What `node` makes of `x`, where `marks` are the labels in reach.

        Raises ArchError where a layer doesn't take what arrives, or branches don't fit.
        """
        if isinstance(node, LayerNode):
            return Traced(self._layer(node, x), _NO_MARKS)
        key = (node, x, *(marks.get(target) for target in self.targets(node)))
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._trace(node, x, marks)
        return found

    def targets(self, node: Node) -> tuple[Path, ...]:
        """The labels that references inside a node name, on which its outcome therefore depends."""
        found = self._targets.get(node)
        if found is None:
            names = {node.target: None} if isinstance(node, (Reference, Aux)) else {}
            names |= {name: None for part in node.parts for name in self.targets(part)}
            found = self._targets[node] = tuple(names)
        return found

    def _trace(self, node: Node, x: Shape, marks: Mapping[Path, Shape]) -> Traced:
        match node:
            case Chain():
                return self._chain(node, x, marks)
            case Call():
                return self(node.body, x, marks)
            case Repeat():
                return self._repeat(node, x, marks)
            case Merge():
                return self._merge(node, x, marks)
            case Aux():
                if self.in_training:
                    self(node.body, marks[node.target], marks)
                return Traced(x, _NO_MARKS)
            case Reference():
                return Traced(marks[node.target], _NO_MARKS)
        raise AssertionError(f"a settled network has no {type(node).__name__}")

    def _layer(self, node: LayerNode, x: Shape) -> Shape:
        try:
            assume_bounds(node.layer)
            node.layer.check(x)
            return node.layer.output(x)
        except ArchError as error:
            # Layers know no place.
            for diagnostic in error.diagnostics:
                diagnostic.at = diagnostic.at or node.span
            raise

    def _chain(self, chain: Chain, x: Shape, marks: Mapping[Path, Shape]) -> Traced:
        made: dict[Path, Shape] = {}
        around = dict(marks)
        for member in chain.members:
            x, inner = self(member.node, x, around)
            new = reachable(member, inner, x)
            made |= new
            around |= new
        return Traced(x, made)

    def _repeat(self, node: Repeat, x: Shape, marks: Mapping[Path, Shape]) -> Traced:
        made: dict[Path, Shape] = {}
        for run in node.runs:
            assert isinstance(run.count, int)
            for _ in range(run.count):
                before = x
                x, inner = self(run.node, x, {**marks, **made} if made else marks)
                # Copies that a label's index tells apart are runs of their own.
                made |= inner
                if x == before:
                    break
        return Traced(x, made)

    def _merge(self, node: Merge, x: Shape, marks: Mapping[Path, Shape]) -> Traced:
        made: dict[Path, Shape] = {}
        shapes: list[Shape] = []
        for branch in node.branches:
            output, inner = self(branch, x, {**marks, **made})
            shapes.append(output)
            made |= inner
        return Traced(_joined(node, [*shapes, x] if node.adds_arriving else shapes), made)


def _joined(node: Merge, shapes: list[Shape]) -> Shape:
    if node.is_left_out:
        return shapes[0]
    joined = node.join.joined(shapes, same)
    for shape, wanted in zip(shapes, joined.wanted, strict=True):
        if not same_shape(shape, wanted):
            raise ArchError(
                BranchMismatch(
                    node.span,
                    f"branches of `{node.kind}` make different shapes",
                    f"{shapes[0]} meets {shape} here",
                )
            )
    return joined.output
