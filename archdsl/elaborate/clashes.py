"""No two members of a container under one label, however repeats and merges spread them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from archdsl.diagnostics import ArchError
from archdsl.elaborate.labels import LabelTwice
from archdsl.ir.nodes import Chain, Member, Merge, Node, Repeat, at, text
from archdsl.once import once
from archdsl.shape import Dim

AT_MOST = 20_000
"""Labels beyond these are not looked at: a repeat may make a million of them, all by one formula."""


def check_labels(members: Iterable[Member]) -> None:
    """Raise ArchError if two members of a container have the same label."""
    seen: set[str] = set()
    for name, node in islice(_labels(members, {}), AT_MOST):
        if name in seen:
            raise ArchError(
                LabelTwice(
                    node.span,
                    f"the label `{name}` is given twice",
                    "the second of that name",
                    helps=[
                        "give each its own name; in a repeat, say with its index: `x3 as i` makes `name{i}` three names"
                    ],
                )
            )
        seen.add(name)


def _labels(members: Iterable[Member], values: Mapping[str, Dim]) -> Iterator[tuple[str, Node]]:
    for member in members:
        node = member.node
        if member.label is not None:
            yield text(at(member.label, **values)), node
        elif not _has_labels(node):
            continue
        elif isinstance(node, Merge):
            for branch in node.branches:
                yield from _labels(branch.members, values)
        elif isinstance(node, Repeat):
            start = 0
            for run in node.runs:
                assert isinstance(run.count, int)
                for turn in range(run.count):
                    inner = values if node.index is None else {**values, node.index: start + turn}
                    yield from _labels(run.node.members, inner)
                start += run.count


@once
def _has_labels(node: Node) -> bool:
    """Whether a repeat or merge holds labels that belong to the container around it."""
    if not isinstance(node, (Merge, Repeat)):
        return False
    for part in node.parts:
        assert isinstance(part, Chain)
        if any(member.label is not None or _has_labels(member.node) for member in part.members):
            return True
    return False
