"""Branches that meet again: each where it begins, and what they make together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from archdsl.diagnostics import ArchError, Diagnostic, Edit, Label, Span
from archdsl.elaborate.binding import build
from archdsl.elaborate.branch_text import path_says_labels
from archdsl.elaborate.elaborator import Elaborator
from archdsl.elaborate.joining import same_in, same_shape
from archdsl.elaborate.sequence import Sequence
from archdsl.ir.nodes import Chain, Merge, Name, Shortcut
from archdsl.ir.values import Labelled, Scope
from archdsl.merges.base import Join, joins
from archdsl.shape import Layout, Shape
from archdsl.symbolic import (
    Condition,
)
from archdsl.syntax import tree


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


class Branches:
    """Builds the branches of one merge, and joins them."""

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
        merged = self.joined()
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


def name_alone(node: tree.Merge) -> Span:
    return node.span.source.span(node.span.start, node.span.start + len(node.name.text))
