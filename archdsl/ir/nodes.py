"""The network as it was settled: names, numbers and shapes known, the structure of the spec kept.

Blocks stay blocks and repeats stay repeats. Equal pieces on equal inputs are one node, which therefore
holds no name of its own: names stand with the members of a chain. Nodes are compared by identity, and
nothing may walk the tree as if it were flat; analyses memoise by node.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from itertools import islice
from typing import Literal, TypeAlias, TypeVar

from archdsl.diagnostics import Span
from archdsl.ir.marks import Mark, Path, spelled
from archdsl.ir.provenance import Origin
from archdsl.ir.values import Value
from archdsl.layers.base import Layer
from archdsl.layers.initialization import Initialization
from archdsl.merges.base import Join
from archdsl.record import by_identity
from archdsl.shape import Dim, Shape
from archdsl.symbolic import Comparison, Expr, Junction, substitute

Name: TypeAlias = tuple[str | int | Expr, ...]
"""A name in pieces; a piece that depends on the turn of a repeat is an expression of its index."""


Undecided: TypeAlias = Comparison | Junction

Shortcut = Literal["identity", "project", "optional", "own"]


@by_identity
class Node:
    """What takes a tensor of one shape and makes another."""

    input: Shape
    output: Shape
    span: Span = field(repr=False)
    origin: Origin | None = field(default=None, repr=False)
    """The text and names this was made from, where a class can be built of it."""

    @property
    def provenance(self) -> Origin:
        """Where it comes from; only of what a class can be built of."""
        assert self.origin is not None
        return self.origin

    @property
    def parts(self) -> Iterator[Node]:
        """The nodes directly inside this one, a repeated one once."""
        return iter(())


@by_identity
class LayerNode(Node):
    """One layer."""

    layer: Layer


@by_identity
class Member:
    """A node in a chain, with the label it was given and the labels whose tensor it makes."""

    label: Name | None
    node: Node
    marks: tuple[Mark, ...] = ()


@by_identity
class Chain(Node):
    """Members in sequence. A container is a module of its own; another chain is part of the one around it."""

    members: tuple[Member, ...]
    container: bool

    @property
    def parts(self) -> Iterator[Node]:
        return (member.node for member in self.members)


@by_identity
class Run:
    """Consecutive equal turns of a repeat.

    In a class, turns that grow evenly are one run whose sizes are formulas of `turn`, counted from 0.
    """

    count: Dim
    node: Chain
    turn: str | None = None


@by_identity
class Repeat(Node):
    """A chain several times over; its members belong to the container around it."""

    count: Dim
    index: str | None
    runs: tuple[Run, ...]

    @property
    def parts(self) -> Iterator[Node]:
        return (run.node for run in self.runs)


@by_identity
class Merge(Node):
    """Branches that start from one tensor (or from a label's) and meet again.

    For a residual the first branch is the main path. `agrees` says whether the shortcut can be the
    identity; in a class that serves several calls it may depend on the class's parameters.
    """

    join: Join
    branches: tuple[Chain, ...]
    shortcut: Shortcut | None = None
    agrees: bool | Undecided = True
    side: Name | None = None
    """What the projection is called, whether a call needs it or not."""
    normed: bool = True
    """Whether a projection has a batch normalization behind it."""
    open: bool = False
    """Whether the text has labels in its branches, which name modules of the container around it.

    That is asked of the text: a labelled projection that a call doesn't need changes no other name.
    """

    @property
    def kind(self) -> str:
        """The merge's keyword."""
        return self.join.keyword

    @property
    def is_left_out(self) -> bool:
        """Whether nothing is joined: a shortcut that is optional isn't there, and the main path goes on alone."""
        return self.shortcut == "optional" and self.agrees is not True

    @property
    def adds_arriving(self) -> bool:
        """Whether what arrives at the merge is joined with its only branch."""
        return self.join.has_shortcut and len(self.branches) == 1 and not self.is_left_out

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """Of the tensors that are joined, in their order."""
        made = tuple(branch.output for branch in self.branches)
        return (*made, self.input) if self.adds_arriving else made

    @property
    def parts(self) -> Iterator[Node]:
        return iter(self.branches)


@by_identity
class Call(Node):
    """A block with its arguments put in."""

    block: str
    arguments: tuple[tuple[str, Value], ...]
    body: Chain

    @property
    def parts(self) -> Iterator[Node]:
        yield self.body


@by_identity
class Reference(Node):
    """The tensor that a label names, in place of the one that arrives."""

    target: Path

    @property
    def label(self) -> str:
        """The label as the spec has it."""
        return spelled(self.target)


@by_identity
class Aux(Node):
    """A second output, made of a label's tensor and in training only; what arrives goes on unchanged."""

    target: Path
    body: Node

    @property
    def label(self) -> str:
        """The label whose tensor it begins with, as the spec has it."""
        return spelled(self.target)

    @property
    def parts(self) -> Iterator[Node]:
        yield self.body


@by_identity
class Choice(Node):
    """Members that are there only if a condition on a class's parameters holds; part of the chain around it."""

    condition: Undecided
    then: Chain
    otherwise: Chain

    @property
    def parts(self) -> Iterator[Node]:
        yield self.then
        yield self.otherwise


MAX_MARKS = 1000
"""The most labels inside one module that `@a.b.c` can reach: containers within containers could have countless."""

Tensor = TypeVar("Tensor")


def reachable(member: Member, inner: Mapping[Path, Tensor], here: Tensor) -> dict[Path, Tensor]:
    """What can be referred to behind a member: its own tensor `here`, and those `inner` ones of labels inside it.

    Labels inside a container are reached by way of its mark, those inside a block not at all.
    """
    found: dict[Path, Tensor] = {(mark,): here for mark in member.marks}
    if isinstance(member.node, (Merge, Repeat)) and member.label is None:
        found |= inner
    elif not isinstance(member.node, Call):
        for mark in member.marks:
            found |= {(mark, *path): tensor for path, tensor in islice(inner.items(), MAX_MARKS)}
    return found


def at(name: Name, /, **values: Dim) -> Name:
    """A name with indices put in, neighbouring pieces joined."""
    pieces: list[str | int | Expr] = []
    for piece in name:
        settled = substitute(piece, values)
        if isinstance(settled, (str, int)) and pieces and isinstance(pieces[-1], str):
            pieces[-1] += str(settled)
        else:
            pieces.append(str(settled) if isinstance(settled, int) else settled)
    return tuple(pieces)


def text(name: Name) -> str:
    """A name as text, pieces that are not settled in braces."""
    return "".join(f"{{{piece}}}" if isinstance(piece, Expr) else str(piece) for piece in name)


@by_identity
class Initial:
    """How weights begin: those of every layer of a keyword, or of the one at a label."""

    target: str
    """A keyword, or a label with its `@`."""
    modules: tuple[str, ...]
    """PyTorch's classes of those layers, which other keywords may share."""
    has_bias: bool
    """Whether some of them have a bias."""
    rule: Initialization


@by_identity
class Architecture:
    """A whole network: its parameters, its input and what is built on it."""

    name: str
    variant: str | None
    parameters: tuple[tuple[str, Value], ...]
    input: Shape
    output: Shape
    body: Chain
    initials: tuple[Initial, ...] = ()
    """The rules in their order; one for a label counts ahead of one for its keyword."""
    follows_input: bool = False
    """Whether numbers of the network were worked out from the sides of its input, so that others make another."""

    @property
    def auxiliary(self) -> dict[str, Shape]:
        """The outputs that exist in training only, by their names."""
        return {
            text(member.label): member.node.body.output
            for member in self.body.members
            if isinstance(member.node, Aux) and member.label is not None
        }
