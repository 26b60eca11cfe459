"""A main path with a shortcut around it: the identity, a projection, nothing, or layers of its own."""

from __future__ import annotations

from functools import cache

from pydantic import Field

from archdsl.diagnostics import ArchError, Edit, Label, Source, Span
from archdsl.elaborate.binding import build
from archdsl.elaborate.branch_text import shortcut_word
from archdsl.elaborate.branches import Branches, BranchMismatch, WrongBranches, name_alone
from archdsl.elaborate.sequence import Sequence
from archdsl.elaborate.statements.head import placed
from archdsl.ir.nodes import Chain, Merge, Name
from archdsl.ir.values import Scope
from archdsl.layers.base import Keyword
from archdsl.shape import Dim, Layout
from archdsl.symbolic import (
    Condition,
    Expr,
    NeedsValue,
    choices,
    compare,
    conjunction,
    identity_condition,
    stride_of,
    symbol,
    symbols,
    window_map,
)
from archdsl.syntax import parse, tree

# The projection shortcut of He et al. (2016), option B, in the language itself.
PROJECTION_SOURCE = "projection"
_PROJECTION = "conv1-{channels}/{stride}"


class Optional(Keyword):
    """What `optional` says: nothing but itself."""

    keyword = "optional"


class Projection(Keyword):
    """What `project` says of the shortcut that it puts in where shapes differ."""

    keyword = "project"

    bn: bool = Field(True, description="whether a batch norm follows the convolution")


class Residual(Branches):
    """Builds a merge that has a shortcut."""

    def joined(self) -> Merge:
        paths = self.node.paths
        if len(paths) > 2:
            raise ArchError(
                WrongBranches(
                    paths[2].span,
                    f"`residual` has a main path and a shortcut, got {len(paths)} branches",
                    "one too many",
                    helps=["`add<…>` joins any number of branches"],
                    fixes=[Edit(name_alone(self.node), "add")],
                )
            )
        main = self.branch(paths[0], self.x)
        if len(paths) == 1:
            self.agree(paths[0].span, main.output, self.x, None, project=True)
            return self.make((main,), main.output, "identity")
        mode, label = shortcut_word(paths[1])
        if mode is None:
            own = self.branch(paths[1], self.x)
            self.shortcut_agrees(main, own, paths[1].span)
            return self.make((main, own), main.output, "own")
        said = self.said_of(paths[1], Projection if mode == "project" else Optional)
        agrees, strides = self.compare_sizes(paths[0], main)
        settled = agrees if isinstance(agrees, bool) else self.elaborator.decide(agrees)
        if settled is not None:
            agrees = settled
        elif self.elaborator.witnesses and not isinstance(agrees, bool):
            agrees = self.elaborator.witnesses.rest(agrees)
        if mode == "optional":
            return self.make((main,), main.output, "optional", agrees)
        assert isinstance(said, Projection)
        side = self.elaborator.label(label, Sequence(self.x, self.scope)) if label else None
        if agrees is True:
            return self.make((main,), main.output, "project", True, side, said.bn)
        projection = self.projection(paths[1], said, side, main, strides)
        return self.make((main, projection), main.output, "project", agrees, side, said.bn)

    def projection(
        self,
        path: tree.Group,
        said: Projection,
        side: Name | None,
        main: Chain,
        strides: tuple[Dim, ...],
    ) -> Chain:
        """`conv1-C/S bn`, where C and S are those of the main path; `project(bn=false)` leaves the batch norm out."""
        if not strides:
            raise ArchError(
                BranchMismatch(
                    path.span,
                    f"`project` needs a feature map, got {self.x}",
                    "can't project this",
                    helps=["write the shortcut out: `residual<… | fc-N>`"],
                )
            )
        stride = strides[0] if len(set(strides)) == 1 else strides
        scope = Scope({"channels": main.output.channels, "stride": stride}, defaults=self.scope.defaults)
        sequence = Sequence(self.x, scope)
        group = _projection(said.bn)
        with placed(path.span):
            if side is None:
                self.elaborator.statements(group.items, sequence)
            else:
                self.elaborator.body(group, sequence, side)
        chain = self.elaborator.finish(sequence, path.span)
        self.shortcut_agrees(main, chain, path.span)
        return chain

    def shortcut_agrees(self, main: Chain, shortcut: Chain, span: Span) -> None:
        label = Label(span, f"the shortcut ends as {shortcut.output}")
        self.agree(self.node.paths[0].span, main.output, shortcut.output, label)

    def said_of(self, path: tree.Group, kind: type[Keyword]) -> Keyword:
        """What stands with the word of a shortcut. Raises ArchError for what it doesn't have."""
        (statement,) = path.items
        assert isinstance(statement, tree.Statement)
        assert isinstance(statement.body, tree.Head)
        head = statement.body
        return build(kind, self.elaborator.binder.said(kind, None, head, self.scope, self.x), head.span)

    def compare_sizes(self, path: tree.Group, main: Chain) -> tuple[Condition | bool, tuple[Dim, ...]]:
        """When the main path keeps the shape whatever its size is, and by which strides it shrinks it."""
        x, y = self.x, main.output
        if x.layout is not y.layout or x.rank != y.rank:
            return False, ()
        channels = compare("==", x.channels, y.channels)
        if x.layout is Layout.VECTOR:
            return channels, ()
        starts = [symbol(f"size{axis}", "size") for axis in range(x.rank)]
        try:
            sequence = Sequence(x.with_spatial(starts), self.scope, branch=True)
            self.elaborator.statements(path.items, sequence)
            sizes = sequence.x.spatial
        except NeedsValue:
            # The text asks for the very size, so that the class is built for it and numbers decide.
            unknown = [size for size in x.spatial if isinstance(size, Expr)]
            if unknown:
                raise NeedsValue(*unknown) from None
            return conjunction([channels, x.spatial == y.spatial]), tuple(
                -(-a // b) if b else 1 for a, b in zip(x.spatial, y.spatial, strict=True)
            )
        if undecided := [condition for size in sizes for condition in choices(size)]:
            # Sides of an `if` that shrink the map differently are no one chain of windows.
            raise NeedsValue(*undecided)
        maps = [(size, start) for size, start in zip(sizes, starts, strict=True) if window_map(size, start) is None]
        if unknown := [Expr({(each,): 1}) for each in sorted(symbols(*maps) - symbols(*starts), key=str)]:
            # No chain of windows as long as these are unknown.
            raise NeedsValue(*unknown)
        conditions = [identity_condition(size, start) for size, start in zip(sizes, starts, strict=True)]
        strides = tuple(stride_of(size, start) for size, start in zip(sizes, starts, strict=True))
        return conjunction([*reversed(conditions), channels]), strides


@cache
def _projection(norm: bool) -> tree.Group:
    text = f"{_PROJECTION} bn" if norm else _PROJECTION
    source = Source(PROJECTION_SOURCE, text)
    return tree.Group(source.span(0, len(text)), parse(source).items)
