"""Branches that meet again: `residual`, `concat`, `add` and `mul`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from pydantic import Field

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Label, Source, Span, proposal
from archdsl.elaborate.binding import build
from archdsl.elaborate.heads import placed
from archdsl.elaborate.joining import join, same_shape
from archdsl.elaborate.sequence import Sequence
from archdsl.elaborate.values import Labelled, Scope
from archdsl.ir.nodes import Chain, Merge, MergeKind, Shortcut
from archdsl.layers.base import Keyword
from archdsl.once import once
from archdsl.shape import Dim, Layout, Shape
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

if TYPE_CHECKING:
    from archdsl.elaborate.statements import Elaborator


class BranchMismatch(Diagnostic):
    """Branches that are to be joined make shapes that don't fit."""

    code = "branch-mismatch"
    bad = "arch net\ninput 8x8x8\nresidual<conv3-16 bn relu conv3-16 bn>\n"
    mended = "arch net\ninput 8x8x8\nresidual<conv3-16 bn relu conv3-16 bn | project>\n"


class WrongBranches(Diagnostic):
    """A merge with too few or too many branches, or an empty one."""

    code = "wrong-branches"
    bad = "arch net\ninput 8x8x8\nconcat<conv3-8>\n"
    mended = "arch net\ninput 8x8x8\nconcat<conv3-8 | identity>\n"


class UnknownMerge(Diagnostic):
    """Angle brackets behind a name that is neither a merge nor a block."""

    code = "unknown-merge"
    bad = "arch net\ninput 8x8x8\nresidul<conv3-8>\n"
    mended = "arch net\ninput 8x8x8\nresidual<conv3-8>\n"


MERGES = ("residual", "concat", "add", "mul")

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


def unknown_merge(node: tree.Merge, blocks: tuple[str, ...]) -> Diagnostic:
    name = node.name.text
    return UnknownMerge(
        node.name.span,
        f"unknown merge or block `{name}`",
        "angle brackets need a merge or a block",
        **proposal(_name_alone(node), name, [*MERGES, *blocks], "one"),
    )


def _name_alone(node: tree.Merge) -> Span:
    return node.span.source.span(node.span.start, node.span.start + len(node.name.text))


def merge_node(elaborator: Elaborator, node: tree.Merge, scope: Scope, x: Shape) -> Merge:
    """The node of a merge where `x` arrives. Raises ArchError where the branches don't fit."""
    return _Merging(elaborator, node, scope, x).build()


class _Merging:
    def __init__(self, elaborator: Elaborator, node: tree.Merge, scope: Scope, x: Shape) -> None:
        self.elaborator = elaborator
        self.node = node
        self.scope = scope
        self.around = scope
        """The names ahead of it, without the labels of its own branches."""
        self.x = x
        self.labels: dict[str, Labelled] = {}

    def build(self) -> Merge:
        kind: MergeKind = self.node.name.text  # type: ignore[assignment]
        if self.node.call is not None:
            at = self.node.call.span
            raise ArchError(
                WrongBranches(
                    at, f"`{kind}` takes no arguments", "not here", helps=["leave them out"], fixes=[Edit(at, "")]
                )
            )
        for path in self.node.paths:
            if not path.items:
                raise ArchError(
                    WrongBranches(
                        self.node.span,
                        f"a branch of `{kind}` is empty",
                        "in here",
                        helps=["write `identity` for a branch that changes nothing"],
                        fixes=[Edit(empty, " identity ") for empty in self._empty()],
                    )
                )
        merged = self.residual() if kind == "residual" else self.joined(kind)
        self.elaborator.labels_of[merged] = self.labels
        return merged

    def _empty(self) -> Iterator[Span]:
        """Where the branches stand that have nothing in them."""
        start = self.node.span.start
        for gap in re.finditer(r"(?<=[<|])\s*(?=[|>])", self.node.span.text):
            yield self.node.span.source.span(start + gap.start(), start + gap.end())

    def make(
        self,
        branches: tuple[Chain, ...],
        output: Shape,
        shortcut: Shortcut | None = None,
        agrees: Condition | bool = True,
    ) -> Merge:
        return Merge(
            input=self.x,
            output=output,
            span=self.node.span,
            origin=self.elaborator.memo.origin(self.node, self.around),
            kind=self.node.name.text,  # type: ignore[arg-type]
            branches=branches,
            shortcut=shortcut,
            agrees=agrees,
            open=any(says_labels(path) for path in self.node.paths),
        )

    def branch(self, path: tree.Group, x: Shape) -> Chain:
        """A branch; labels inside belong to the container around the merge."""
        sequence = Sequence(x, self.scope, branch=True)
        origin = self.elaborator.memo.origin(path, self.scope, inside=False)
        self.elaborator.statements(path.items, sequence)
        self.labels |= sequence.labels
        self.scope = self.scope.with_labels(sequence.labels)
        return self.elaborator.finish(sequence, path.span).model_copy(update={"origin": origin})

    # Residuals

    def residual(self) -> Merge:
        paths = self.node.paths
        if len(paths) > 2:
            raise ArchError(
                WrongBranches(
                    paths[2].span,
                    f"`residual` has a main path and a shortcut, got {len(paths)} branches",
                    "one too many",
                    helps=["`add<…>` joins any number of branches"],
                    fixes=[Edit(_name_alone(self.node), "add")],
                )
            )
        main = self.branch(paths[0], self.x)
        if len(paths) == 1:
            self.agree([(paths[0].span, main.output)], self.x, project=True)
            return self.make((main,), main.output, "identity")
        mode, label = shortcut_word(paths[1])
        if mode is None:
            own = self.branch(paths[1], self.x)
            self.agree([(paths[0].span, main.output)], own.output, own=paths[1].span)
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
        if agrees is True:
            return self.make((main,), main.output, "project", True)
        assert isinstance(said, Projection)
        projection = self.projection(paths[1], said, label, main, strides, agrees)
        return self.make((main, projection), main.output, "project", agrees)

    def projection(
        self,
        path: tree.Group,
        said: Projection,
        label: tree.Template | None,
        main: Chain,
        strides: tuple[Dim, ...],
        agrees: Condition | bool,
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
        outer = self.elaborator.label(label, Sequence(self.x, self.scope)) if label else None
        with placed(path.span):
            if outer is None:
                self.elaborator.statements(group.items, sequence)
            else:
                self.elaborator.body(group, sequence, outer)
        chain = self.elaborator.finish(sequence, path.span)
        self.agree([(self.node.paths[0].span, main.output)], chain.output, own=path.span)
        return chain

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

    # Other merges

    def joined(self, kind: str) -> Merge:
        paths = self.node.paths
        if len(paths) < 2:
            raise ArchError(
                WrongBranches(
                    self.node.span,
                    f"`{kind}` joins at least two branches, got {len(paths)}",
                    "only one branch",
                    helps=[f"add a branch: `{kind}<… | identity>`"],
                    fixes=[_added(paths[0].span, "identity")],
                )
            )
        branches = tuple(self.branch(path, self.x) for path in paths)
        joined = join(kind, [branch.output for branch in branches])
        equal = [(paths[place].span, branches[place].output) for place in joined.equal]
        wanted = branches[0].output if kind == "concat" else joined.output
        self.agree(equal, wanted, channels=kind != "concat")
        return self.make(branches, joined.output)

    def agree(
        self,
        shapes: list[tuple[Span, Shape]],
        wanted: Shape,
        channels: bool = True,
        project: bool = False,
        own: Span | None = None,
    ) -> None:
        """Raise where a shape differs from the one it is joined with, in numbers that are known."""
        for span, shape in shapes:
            if same_shape(shape, wanted, channels):
                continue
            kind = self.node.name.text
            labels = [Label(own, f"the shortcut ends as {wanted}")] if own else []
            if kind != "residual":
                first = self.node.paths[0].span
                labels = [Label(first, f"this branch ends as {wanted}")] if span != first else []
            what = "the main path" if kind == "residual" else "this branch"
            operation = (
                "concatenation needs equal height and width"
                if kind == "concat"
                else "addition needs equal channels, height and width"
            )
            if kind == "mul":
                operation = "multiplication needs equal shapes, or a branch of C or C×1×1 that scales the channels"
            notes = [operation] + ([f"the shortcut carries {wanted}"] if project else [])
            projects = project and shape.layout is wanted.layout is Layout.CHANNELS_FIRST
            alike = "strides and paddings" if kind == "concat" else "channels, strides and paddings"
            helps = [
                "project the shortcut: `residual<… | project>`"
                if projects
                else f"let the branches agree in {alike}, or reshape one of them"
            ]
            main = self.node.paths[0].span
            raise ArchError(
                BranchMismatch(
                    span,
                    f"branches of `{kind}` make different shapes",
                    f"{what} ends as {shape}",
                    labels=labels,
                    notes=notes,
                    helps=helps,
                    fixes=[_added(main, "project")] if projects else [],
                )
            )


def _added(path: Span, branch: str) -> Edit:
    """One more branch behind the only one."""
    end = path.start + len(path.text.rstrip())
    return Edit(path.source.span(end, end), f" | {branch}")


def shortcut_word(path: tree.Group) -> tuple[Shortcut | None, tree.Template | None]:
    """`project` or `optional`, with the label ahead of it, or None for a shortcut that is written out."""
    if len(path.items) == 1 and isinstance(path.items[0], tree.Statement):
        statement = path.items[0]
        if (
            isinstance(statement.body, tree.Head)
            and statement.repeat is None
            and statement.body.name.text in ("project", "optional")
        ):
            return statement.body.name.text, statement.label  # type: ignore[return-value]
    return None, None


@once
def says_labels(node: tree.Node) -> bool:
    """Whether a piece of text gives labels to members of the container around it."""
    if isinstance(node, tree.LabelledTable):
        return node.label is not None
    if isinstance(node, tree.Statement):
        return node.label is not None or says_labels(node.body)
    if isinstance(node, tree.Group):
        # In brackets a further group is a container, which keeps its labels.
        return any(
            (isinstance(item, tree.Statement) and item.label is not None)
            or (not _is_container(item) and says_labels(item))
            for item in node.items
        )
    if isinstance(node, tree.Merge):
        return node.name.text in MERGES and any(says_labels(path) for path in node.paths)
    if isinstance(node, tree.For):
        return says_labels(node.body)
    if isinstance(node, tree.If):
        return says_labels(node.then) or (node.otherwise is not None and says_labels(node.otherwise))
    return False


def _is_container(item: tree.Node) -> bool:
    return isinstance(item, tree.Statement) and item.repeat is None and isinstance(item.body, tree.Group)


@cache
def _projection(norm: bool) -> tree.Group:
    text = f"{_PROJECTION} bn" if norm else _PROJECTION
    source = Source(PROJECTION_SOURCE, text)
    return tree.Group(source.span(0, len(text)), parse(source).items)
