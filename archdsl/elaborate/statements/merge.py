"""Branches that meet again."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from pydantic import Field

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Label, Source, Span, proposal
from archdsl.elaborate.binding import build
from archdsl.elaborate.blocks import call_into
from archdsl.elaborate.clashes import check_labels
from archdsl.elaborate.elaborator import BodyKind, Elaborator
from archdsl.elaborate.joining import same_in, same_shape
from archdsl.elaborate.sequence import Sequence
from archdsl.elaborate.statements.head import placed
from archdsl.ir.nodes import Chain, Merge, Name, Shortcut
from archdsl.ir.values import BlockValue, Labelled, Scope
from archdsl.layers.base import Keyword
from archdsl.merges.base import Join, joins
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
        **proposal(_name_alone(node), name, [*joins(), *blocks], "one"),
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
        self.join = self.said()

    def said(self) -> Join:
        """The merge with its arguments."""
        kind, call = joins()[self.node.name.text], self.node.call
        if call is None:
            return build(kind, {}, self.node.span)
        if not kind.model_fields:
            at = call.span
            raise ArchError(
                WrongBranches(
                    at,
                    f"`{kind.keyword}` takes no arguments",
                    "not here",
                    helps=["leave them out"],
                    fixes=[Edit(at, "")],
                )
            )
        return build(kind, self.elaborator.binder.called(kind, call, self.scope, self.x), call.span)

    def build(self) -> Merge:
        kind = self.join.keyword
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
        merged = self.residual() if self.join.has_shortcut else self.joined()
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
        side: Name | None = None,
        normed: bool = True,
    ) -> Merge:
        return Merge(
            input=self.x,
            output=output,
            span=self.node.span,
            origin=self.elaborator.memo.origin(self.node, self.around),
            join=self.join,
            branches=branches,
            shortcut=shortcut,
            agrees=agrees,
            side=side,
            normed=normed,
            open=any(map(path_says_labels, self.node.paths)),
        )

    def branch(self, path: tree.Group, x: Shape) -> Chain:
        """A branch; labels inside belong to the container around the merge."""
        sequence = Sequence(x, self.scope, branch=True)
        origin = self.elaborator.memo.origin(path, self.scope, inside=False)
        self.elaborator.statements(path.items, sequence)
        self.labels |= sequence.labels
        self.scope = self.scope.with_labels(sequence.labels)
        return replace(self.elaborator.finish(sequence, path.span), origin=origin)

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

    # Other merges

    def joined(self) -> Merge:
        paths, kind = self.node.paths, self.join.keyword
        if len(paths) < self.join.least:
            raise ArchError(
                WrongBranches(
                    self.node.span,
                    f"`{kind}` joins at least two branches, got {len(paths)}",
                    "only one branch",
                    helps=[f"add a branch: `{kind}<… | identity>`"],
                    fixes=[_added(paths[0].span, "identity")],
                )
            )
        if self.join.most is not None and len(paths) > self.join.most:
            raise ArchError(
                WrongBranches(
                    paths[self.join.most].span,
                    f"`{kind}` joins {self.join.most} branches, got {len(paths)}",
                    "one too many",
                    helps=[f"join two of them first: `{kind}<{kind}<… | …> | …>`"],
                )
            )
        branches = tuple(self.branch(path, self.x) for path in paths)
        shapes = [branch.output for branch in branches]
        joined = self.join.joined(shapes, same_in(self.elaborator.witnesses))
        # Asked of what is known alone: to take two sizes for equal here would be an assumption about the network.
        origin = shapes.index(joined.output) if joined.output in shapes else 0
        for path, shape, wanted in zip(paths, shapes, joined.wanted, strict=True):
            self.agree(path.span, shape, wanted, Label(paths[origin].span, f"this branch ends as {shapes[origin]}"))
        return self.make(branches, joined.output)

    def agree(self, span: Span, shape: Shape, wanted: Shape, other: Label | None, project: bool = False) -> None:
        """Raise where a branch, `other` beside it, differs from the shape it must have in numbers that are known."""
        if same_shape(shape, wanted):
            return
        main = self.node.paths[0].span
        projects = project and shape.layout is wanted.layout is Layout.CHANNELS_FIRST
        raise ArchError(
            BranchMismatch(
                span,
                f"branches of `{self.join.keyword}` make different shapes",
                f"{'the main path' if self.join.has_shortcut else 'this branch'} ends as {shape}",
                labels=[other] if other is not None and other.span != span else [],
                notes=[*self.join.differ(shape, wanted), *([f"the shortcut carries {wanted}"] if project else [])],
                helps=["project the shortcut: `residual<… | project>`"]
                if projects
                else [f"let the branches agree in {self.join.alike}, or reshape one of them"],
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


def path_says_labels(path: tree.Group) -> bool:
    """Whether a branch gives labels to members of the container around its merge; a group in it is no container."""
    return any(map(says_labels, path.items))


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
        return node.name.text in joins() and any(map(path_says_labels, node.paths))
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


class MergeBody(BodyKind[tree.Merge]):
    """A merge, or a block that layers are handed to."""

    of = tree.Merge

    def add(
        self, elaborator: Elaborator, node: tree.Merge, sequence: Sequence, label: Name | None, nested: bool
    ) -> None:
        name = node.name.text
        value = sequence.scope.names.get(name)
        if isinstance(value, BlockValue):
            call_into(elaborator, node, value.definition, node.paths, sequence, label)
        elif name in sequence.scope.blocks:
            call_into(elaborator, node, sequence.scope.blocks[name], node.paths, sequence, label)
        elif name in joins():
            scope, x = sequence.scope, sequence.x
            key = ("merge", node, elaborator.memo.key(node, scope), x)
            made = elaborator.memo.remember(key, lambda: merge_node(elaborator, node, scope, x))
            elaborator.budget.elements(node.span, f"the output of `{name}`", made.output.elements)
            sequence.add(made, label)
            if label is None:
                sequence.reach(elaborator.labels_of.get(made, {}))
            elif elaborator.witnesses is None:
                members = (member for branch in made.branches for member in branch.members)
                check_labels(members, elaborator.budget.step)
        else:
            raise ArchError(unknown_merge(node, tuple(sequence.scope.blocks)))

    def rebuild(self, elaborator: Elaborator, node: tree.Merge, sequence: Sequence, inside: bool) -> None:
        sequence.add(merge_node(elaborator, node, sequence.scope, sequence.x))
