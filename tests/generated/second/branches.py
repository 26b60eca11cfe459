"""Branches that meet, and shortcuts."""

from __future__ import annotations

from collections.abc import Mapping

import torch

from archdsl.syntax import tree

from .chains import Chain, arguments, joined, mark
from .expressions import text_of, uses
from .heads import Heads
from .members import Join, settle_biases
from .tensors import Flow
from .values import BlockValue, Labels, Place, Refused, Slot, Unsure

MERGES = ("residual", "concat", "add", "sub", "mul", "div", "max", "min", "mean")


class Branches(Heads):
    """Walks merges."""

    def merge(self, node: tree.Merge, place: Place, chain: Chain, label: str | None) -> Mapping[str, Slot]:
        word = node.name.text
        value = place.names.get(word)
        if isinstance(value, BlockValue):
            self.call(value, node, node.paths, place, chain, label)
            return {}
        if word in place.blocks:
            self.call(place.blocks[word], node, node.paths, place, chain, label)
            return {}
        labels = Labels(chain.labels.visible()) if label is not None else chain.labels
        if word == "residual" and len(node.paths) == 2:
            made, x = self.shortcut(node, place, chain.x, labels)
        else:
            parts = [self.branch(path, place, chain.x, labels) for path in node.paths]
            made = Join(
                "add" if word == "residual" else word, word, [each.members for each in parts], word == "residual"
            )
            x = joined(made, [each.x for each in parts], chain.x)
        made.says_labels = any(map(path_says_labels, node.paths))
        chain.add(made, x, label)
        return labels.own if label is not None else {}

    def branch(self, path: tree.Group, place: Place, x: Flow, labels: Labels) -> Chain:
        chain = Chain(x, labels, branch=True)
        self.statements(path.items, place, chain)
        settle_biases(chain.members)
        return chain

    def shortcut(self, node: tree.Merge, place: Place, x: Flow, labels: Labels) -> tuple[Join, Flow]:
        main_path, other = node.paths
        before = Labels(labels.around)
        before.own = dict(labels.own)
        main = self.branch(main_path, place, x, labels)
        head = shortcut_word(other)
        if head is None:
            own = self.branch(other, place, x, labels)
            made = Join("add", "residual", [main.members, own.members])
            return made, joined(made, [main.x, own.x], x)
        agrees, stride = self.compared(main_path, place, x, before, main.x)
        if agrees:
            made = Join("add", "residual", [main.members], True)
            return made, joined(made, [main.x], x)
        if head.name.text == "optional":
            return Join("add", "residual", [main.members]), main.x
        if x.rank == 0 or main.x.last or x.last or main.x.rank != x.rank:
            raise Refused("branch-mismatch", "can't be projected")
        chain = Chain(x, labels, branch=True)
        (statement,) = other.items
        assert isinstance(statement, tree.Statement)
        norm = dict(arguments(head, place, x)).get("bn", True)

        def fill(within: Chain) -> None:
            bare = Place({}, {}, {}, place.defaults)
            numbers = {"kernel": 1, "channels": main.x.channels, "stride": stride}
            self.layer("conv", numbers, [], head, bare, within, None)
            if norm:
                self.layer("bn", {}, [], head, bare, within, None)

        if statement.label is not None:
            label = text_of(statement.label, place, x)
            inner = self.container(chain, label, fill)
            mark(chain, label, inner)
        else:
            fill(chain)
        settle_biases(chain.members)
        made = Join("add", "residual", [main.members, chain.members])
        return made, joined(made, [main.x, chain.x], x)

    def compared(
        self, path: tree.Group, place: Place, x: Flow, labels: Labels, made: Flow
    ) -> tuple[bool, tuple[int, ...]]:
        """Whether the main path keeps the shape whatever its size is, and by which strides it shrinks a map.

        Asked of the path itself, on larger maps.
        """
        if made.last != x.last or made.rank != x.rank:
            return False, ()
        if x.rank == 0:
            return made.channels == x.channels, ()
        if uses(path, "in_height", "in_width", "in_depth"):
            raise Unsure("a shortcut that depends on the size")
        if any(isinstance(each, tree.Reference) for each in path.walk()):
            raise Unsure("a shortcut beside what begins with another tensor")
        same, strides = True, [set(range(1, 91 + max(x.spatial))) for _ in range(x.rank)]
        for more in (1, 2, 3, *((19, 90) if x.rank < 3 else (9,))):
            sizes = [size + more for size in x.spatial]
            shape = (1, *sizes, x.channels) if x.last else (1, x.channels, *sizes)
            here = Labels(labels.around)
            here.own = dict(labels.own)
            try:
                larger = self.branch(path, place, Flow(torch.zeros(shape, dtype=torch.float64), x.last), here).x
            except Refused as error:
                raise Unsure(f"a larger map in a shortcut: {error}") from None
            same = same and larger.spatial == tuple(sizes)
            for axis, (size, out) in enumerate(zip(sizes, larger.spatial, strict=True)):
                strides[axis] = {stride for stride in strides[axis] if (size - 1) // stride + 1 == out}
        if any(len(each) != 1 for each in strides):
            raise Unsure("a path that shrinks a map by no one stride")
        return same and made.channels == x.channels, tuple(map(min, strides))


def shortcut_word(path: tree.Group) -> tree.Head | None:
    if len(path.items) == 1 and isinstance(path.items[0], tree.Statement):
        statement = path.items[0]
        if isinstance(statement.body, tree.Head) and statement.repeat is None:
            return statement.body if statement.body.name.text in ("project", "optional") else None
    return None


def says_labels(node: tree.Node | None, inside: bool = False) -> bool:
    """Whether a text has labels that name modules of the container around it, whatever is built of it.

    `inside` says that it stands in square brackets, where a further group is a container, which keeps its labels.
    """
    match node:
        case tree.LabelledTable():
            return node.label is not None
        case tree.Statement():
            if node.label is not None:
                return True
            if isinstance(node.body, tree.Group) and node.repeat is None and inside:
                return False
            return says_labels(node.body)
        case tree.Group():
            return any(says_labels(item, inside=True) for item in node.items)
        case tree.Merge():
            return node.name.text in MERGES and any(map(path_says_labels, node.paths))
        case tree.For():
            return says_labels(node.body)
        case tree.If():
            return says_labels(node.then) or says_labels(node.otherwise)
    return False


def path_says_labels(path: tree.Group) -> bool:
    """The same of a branch, in which a group is none."""
    return any(map(says_labels, path.items))
