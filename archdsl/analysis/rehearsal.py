"""A network run in thought, with tensors that know only their bytes.

It runs as the module that `archdsl compile` writes: who calls a block holds its input until the block returns, a
label's tensor lives to the end of the block that has the label, and an activation writes into its input where the
source says so. What a node does depends only on a few facts about what arrives, so that it is run once for each, and of
a repeat three turns stand for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple

from archdsl.diagnostics import ArchError
from archdsl.elaborate.architecture import NeedsSize
from archdsl.ir.marks import Mark, Path
from archdsl.ir.names import spliced
from archdsl.ir.nodes import Architecture, Aux, Call, Chain, LayerNode, Merge, Node, Reference, Repeat, reachable
from archdsl.layers.base import Role
from archdsl.record import record
from archdsl.shape import Dim

INDEX = 8
"""Bytes of an int64: the place of a maximum, the count of batches that a batch norm has seen."""

_FOLDED = frozenset({Role.NORMALIZATION, Role.ACTIVATION, Role.DROPOUT})
"""What the source puts on the line of the layer before, whose input is held until the line is done."""


def number(size: Dim) -> int:
    """A size that must be known. Raises ArchError where it was left open."""
    if isinstance(size, int):
        return size
    raise ArchError(
        NeedsSize(
            None, "memory is counted in numbers, and a size was left open", helps=["give every size of the input"]
        )
    )


@dataclass(eq=False)
class _Storage:
    """Memory that one or more tensors lie in."""

    bytes: int
    kept: bool = False


@record
class _Tensor:
    storage: _Storage
    fresh: bool = False
    """Nobody else needs it, so that an activation may write into it."""
    grad: bool = False
    """A weight lies on the way to it, so that the backward pass comes by."""


class _Facts(NamedTuple):
    """All that the outcome of a node depends on besides the node."""

    fresh: bool
    grad: bool
    held: bool
    """Whether what called the node holds its input to the end."""
    labels: tuple[tuple[Path, bool], ...]
    """The labels that the node refers to, and whether the backward pass comes by them."""
    lines: bool
    """Whether it is written in lines, which hold the tensor they began with, and not in an `nn.Sequential`."""


@dataclass
class _Outcome:
    """What a node does, to be put into the place where it stands."""

    peak: int
    """Bytes, without what is held from outside."""
    kept: int
    """Bytes that are kept and that nobody can get at any more."""
    output: _Tensor
    marks: dict[Path, _Tensor]
    x: _Tensor
    labels: dict[Path, _Tensor]


@dataclass
class _Frame:
    """A piece of the network at work: what is alive in it, and what it keeps."""

    outside: frozenset[_Storage]
    lines: bool
    alive: list[_Storage] = field(default_factory=list)
    made: dict[_Storage, None] = field(default_factory=dict)
    peak: int = 0
    kept: int = 0

    def new(self, size: int) -> _Storage:
        storage = _Storage(size)
        self.made[storage] = None
        return storage

    def note(self, more: int = 0, *storages: _Storage) -> None:
        """Another moment, at which these are alive beside what is held."""
        alive = {*self.alive, *storages} - self.outside
        self.peak = max(self.peak, sum(storage.bytes for storage in alive) + more)

    @contextmanager
    def holding(self, *tensors: _Tensor) -> Iterator[None]:
        """Tensors that a variable has for a while."""
        before = len(self.alive)
        self.alive += [tensor.storage for tensor in tensors]
        yield
        del self.alive[before:]

    def total(self) -> int:
        """Bytes that are kept of all that was made here."""
        return self.kept + sum(storage.bytes for storage in self.made if storage.kept)


class Rehearsal:
    def __init__(self, training: bool, batch: int, size: int) -> None:
        self.training = training
        self.batch = batch
        self.size = size
        self.known: dict[tuple[Node, _Facts], _Outcome] = {}
        self.targets: dict[Node, tuple[Path, ...]] = {}
        self.named: frozenset[Mark] = frozenset()
        """The marks whose own tensors are referred to."""

    def network(self, architecture: Architecture) -> tuple[int, int]:
        """The bytes at the peak, and those that are kept; the input is held by whoever runs the network."""
        self.named = frozenset(path[-1] for path in self.references(architecture.body))
        x = _Tensor(_Storage(self.bytes(architecture.input.elements)))
        frame = _Frame(frozenset(), True)
        frame.made[x.storage] = None
        frame.alive.append(x.storage)
        self.chain(frame, architecture.body, x, {})
        return frame.peak, frame.total()

    def bytes(self, elements: Dim) -> int:
        return number(elements) * self.batch * self.size

    def run(
        self, frame: _Frame, node: Node, x: _Tensor, marks: Mapping[Path, _Tensor]
    ) -> tuple[_Tensor, dict[Path, _Tensor]]:
        """Run a node within a frame; gives its output and the labels' tensors that it makes."""
        if isinstance(node, LayerNode):
            return self.layer(frame, node, x), {}
        if isinstance(node, Aux):
            if self.training:
                start = marks[node.target]
                self.run(frame, node.body, _Tensor(start.storage, grad=start.grad), marks)
            return x, {}
        if isinstance(node, Reference):
            return _Tensor(marks[node.target].storage, grad=marks[node.target].grad), {}
        held = x.storage in frame.alive or x.storage in frame.outside
        labels = {name: marks[name] for name in self.references(node) if name in marks}
        grads = tuple((name, tensor.grad) for name, tensor in labels.items())
        facts = _Facts(x.fresh, x.grad, held, grads, frame.lines)
        found = self.known.get((node, facts))
        if found is None:
            found = self.known[node, facts] = self.outcome(node, x, facts, labels)
        return self.placed(frame, found, x, labels)

    def placed(
        self, frame: _Frame, found: _Outcome, x: _Tensor, labels: Mapping[Path, _Tensor]
    ) -> tuple[_Tensor, dict[Path, _Tensor]]:
        """What a node does in general, done here: its storages that live on are made anew."""
        here = {found.x.storage: x.storage}
        here |= {tensor.storage: labels[name].storage for name, tensor in found.labels.items()}
        for given, real in here.items():
            real.kept = real.kept or given.kept
        for tensor in (found.output, *found.marks.values()):
            if tensor.storage not in here:
                here[tensor.storage] = frame.new(tensor.storage.bytes)
                here[tensor.storage].kept = tensor.storage.kept
        frame.note(found.peak)
        frame.kept += found.kept
        moved = {name: _Tensor(here[tensor.storage], tensor.fresh, tensor.grad) for name, tensor in found.marks.items()}
        return _Tensor(here[found.output.storage], found.output.fresh, found.output.grad), moved

    def outcome(self, node: Node, x: _Tensor, facts: _Facts, labels: Mapping[Path, _Tensor]) -> _Outcome:
        """Run a node by itself, with stand-ins for what comes from outside."""
        given = _Tensor(_Storage(x.storage.bytes), x.fresh, x.grad)
        around = {name: _Tensor(_Storage(each.storage.bytes), grad=each.grad) for name, each in labels.items()}
        outside = frozenset(each.storage for each in around.values()) | ({given.storage} if facts.held else set())
        frame = _Frame(outside, facts.lines)
        y, made = self.inside(frame, node, given, dict(around))
        passed = {y.storage, *(tensor.storage for tensor in made.values())}
        kept = frame.kept + sum(each.bytes for each in frame.made if each.kept and each not in passed)
        return _Outcome(frame.peak, kept, y, made, given, around)

    def inside(
        self, frame: _Frame, node: Node, x: _Tensor, marks: dict[Path, _Tensor]
    ) -> tuple[_Tensor, dict[Path, _Tensor]]:
        match node:
            case Call():
                return self.called(frame, node.body, x, marks)
            case Chain() if node.container:
                return self.called(frame, node, x, marks)
            case Chain():
                return self.chain(frame, node, x, marks)
            case Repeat():
                return self.repeat(frame, node, x, marks)
            case Merge():
                return self.merge(frame, node, x, marks)
        raise AssertionError(f"a settled network has no {type(node).__name__}")

    def called(
        self, frame: _Frame, chain: Chain, x: _Tensor, marks: dict[Path, _Tensor]
    ) -> tuple[_Tensor, dict[Path, _Tensor]]:
        """A module of its own: its caller holds the input meanwhile, and so nothing in it may overwrite that."""
        frame.lines = not _is_sequential(chain)
        with frame.holding(x):
            return self.chain(frame, chain, _Tensor(x.storage, grad=x.grad), marks)

    def chain(
        self, frame: _Frame, chain: Chain, x: _Tensor, marks: dict[Path, _Tensor]
    ) -> tuple[_Tensor, dict[Path, _Tensor]]:
        made: dict[Path, _Tensor] = {}
        around = dict(marks)
        line = x
        with frame.holding():
            for member in chain.members:
                role = member.node.layer.role if isinstance(member.node, LayerNode) else None
                if not frame.lines or role not in _FOLDED:
                    line = x
                # What is spliced into these lines begins with its own.
                spliced_in = isinstance(member.node, Repeat) or (
                    isinstance(member.node, Chain) and not member.node.container
                )
                with frame.holding(*([] if spliced_in else [line])):
                    x, inner = self.run(frame, member.node, x, around)
                if not self.named.isdisjoint(member.marks):
                    x = _Tensor(x.storage, grad=x.grad)
                    frame.alive.append(x.storage)
                # What nothing refers to lives no longer for its label.
                new = {path: each for path, each in reachable(member, inner, x).items() if path[-1] in self.named}
                made |= new
                around |= new
        return x, made

    def repeat(
        self, frame: _Frame, node: Repeat, x: _Tensor, marks: dict[Path, _Tensor]
    ) -> tuple[_Tensor, dict[Path, _Tensor]]:
        made: dict[Path, _Tensor] = {}
        for run in node.runs:
            count = number(run.count)
            before = more = 0
            for _ in range(min(count, 3)):
                x, inner = self.run(frame, run.node, x, {**marks, **made})
                made |= inner
                before, more = frame.total(), frame.total() - before
            # From the second turn on, each keeps what the one before it did.
            frame.kept += more * max(count - 3, 0)
        return x, made

    def merge(
        self, frame: _Frame, node: Merge, x: _Tensor, marks: dict[Path, _Tensor]
    ) -> tuple[_Tensor, dict[Path, _Tensor]]:
        made: dict[Path, _Tensor] = {}
        start = _Tensor(x.storage, grad=x.grad)
        outputs: list[_Tensor] = []
        # The source has the shortcut of a residual ahead of its main path, unless it needs a label from there.
        main, *others = node.branches
        first = node.join.has_shortcut and not any(
            {path[0] for path in self.references(each)} & _marks(main) for each in others
        )
        with frame.holding(start):
            for branch in [*others, main] if first else node.branches:
                output, inner = self.run(frame, branch, start, {**marks, **made})
                outputs.append(output)
                frame.alive.append(output.storage)
                made |= inner
            if node.is_left_out:
                return outputs[0], made
            if node.adds_arriving:
                outputs.append(start)
            y = _Tensor(frame.new(self.bytes(node.output.elements)), True, any(each.grad for each in outputs))
            frame.note(0, y.storage)
        if node.join.keeps_branches and self.training and y.grad:
            for each in outputs:
                each.storage.kept = True
        return y, made

    def layer(self, frame: _Frame, node: LayerNode, x: _Tensor) -> _Tensor:
        layer = node.layer
        weights = bool(layer.weights(node.input))
        grad = x.grad or weights
        inplace = layer.has_inplace and x.fresh
        if layer.hands_on(self.training):
            return _Tensor(x.storage, grad=grad)
        y = x.storage if inplace else frame.new(self.bytes(node.output.elements))
        space = layer.workspace(node.input)
        frame.note(self.bytes(space.extra) + number(space.indices) * self.batch * INDEX, x.storage, y)
        if self.training and grad:
            kept = layer.kept(node.input, inplace)
            x.storage.kept = x.storage.kept or kept.input
            y.kept = y.kept or kept.output
            frame.kept += self.bytes(kept.extra) + number(kept.indices) * self.batch * INDEX
            frame.kept += number(kept.statistics) * max(self.size, 4)
        return _Tensor(y, layer.output_is_scratch, grad)

    def references(self, node: Node) -> tuple[Path, ...]:
        """The labels that something inside a node names."""
        found = self.targets.get(node)
        if found is None:
            names = {node.target: None} if isinstance(node, (Aux, Reference)) else {}
            names |= {name: None for part in node.parts for name in self.references(part)}
            found = self.targets[node] = tuple(names)
        return found


def _is_sequential(chain: Chain) -> bool:
    """Whether a block or container runs as an `nn.Sequential`, module by module, without lines."""
    return not any(isinstance(member.node, (Merge, Reference)) for member in spliced(chain.members))


def _marks(chain: Chain) -> set[Mark]:
    return {mark for member in chain.members for mark in member.marks}
