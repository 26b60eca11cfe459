"""A network with its blocks and its repeats: what its text says once is said once, with a formula for what differs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archdsl.backends.spec.blocks import Blocks, CannotKeep
from archdsl.backends.spec.formulas import formula_of
from archdsl.backends.spec.layers import said_of
from archdsl.backends.spec.text import (
    Formula,
    Number,
    Text,
    Times,
    joined,
    literal,
    numbers,
    of_label,
    of_word,
    plain,
    skeleton,
    with_numbers,
)
from archdsl.elaborate.bias import starts_with_norm
from archdsl.ir.marks import spelled
from archdsl.ir.nodes import Architecture, Aux, Call, Chain, LayerNode, Member, Merge, Name, Node, Reference, Repeat
from archdsl.shape import Dim
from archdsl.symbolic import Expr

MOST_TURNS = 64
"""Of how many turns that differ a formula or a list is made."""

INDICES = "ijuvw"
"""What the turns of repeats within each other are counted by, where the network has no word for it."""


class Kept:
    """Writes the statements of a network, its blocks by their names and its repeats with their counts."""

    def __init__(self, network: Architecture) -> None:
        self.network = network
        self.blocks = Blocks(network, self.body)
        self.indices: list[str] = []
        """What counts the turns of the repeats around."""
        self.outside = True
        """Whether a group without a label would be spliced here, as at the top and in a branch."""

    def lines(self) -> Iterator[str]:
        """The blocks in the order in which one needs the other, and the statements of the network."""
        body = list(map(plain, self.members(self.network.body)))
        yield from self.blocks.definitions
        yield from body

    def body(self, call: Call) -> Text:
        """What is inside of a block, in one call of it."""
        outer, self.indices = self.indices, []
        spliced, self.outside = self.outside, False
        try:
            return joined(list(self.members(call.body)))
        finally:
            self.indices, self.outside = outer, spliced

    def members(self, chain: Chain) -> Iterator[Text]:
        for place, member in enumerate(chain.members):
            yield self.member(member, chain.members[place + 1 :])

    def member(self, member: Member, rest: tuple[Member, ...]) -> Text:
        node = member.node
        if isinstance(node, Repeat):
            return self.repeat(node)
        if isinstance(node, Aux):
            name = "".join(map(str, member.label or ()))
            return (f"aux {name} from @{spelled(node.target)} ", *self.node(node.body, (), True))
        if isinstance(node, Reference) and member.marks:
            return (*of_label(member.marks[0].label), *self.node(node, rest, True))
        label = self.label(member.label)
        return (*label, *self.node(node, rest, bool(label)))

    def label(self, label: Name | None) -> Text:
        """A label ahead of what it names, the index of a repeat around it in braces."""
        if label is None:
            return ()
        if any(isinstance(piece, Expr) for piece in label):
            name = "".join(f"{{{piece}}}" if isinstance(piece, Expr) else str(piece) for piece in label)
            is_word = name.isascii() and name.split("{")[0].isidentifier()
            return (f"{name}: " if is_word else f'"{name}": ',)
        return of_label("".join(map(str, label)))

    def node(self, node: Node, rest: tuple[Member, ...], labelled: bool) -> Text:
        match node:
            case LayerNode():
                return (of_word(said_of(node.layer, starts_with_norm(list(rest))), node.input.channels),)
            case Call():
                return self.blocks.call(node)
            case Chain():
                return self.group(node, labelled)
            case Reference():
                return (f"@{spelled(node.target)}",)
            case Merge():
                return self.merge(node)
        raise AssertionError(f"a settled network has no {type(node).__name__}")

    def group(self, chain: Chain, labelled: bool) -> Text:
        """A group that is a module of its own: with a label, or as a group inside another."""
        spliced, self.outside = self.outside, False
        try:
            inner = joined(list(self.members(chain)))
        finally:
            self.outside = spliced
        return ("[[", *inner, "]]") if spliced and not labelled else ("[", *inner, "]")

    def merge(self, node: Merge) -> Text:
        outer, self.outside = self.outside, True
        try:
            branches = [joined(list(self.members(branch))) or ("identity",) for branch in self.said(node)]
        finally:
            self.outside = outer
        if node.shortcut == "project":
            word = "project" if node.normed else "project(bn=false)"
            branches.append((*self.label(node.side or (("shortcut",) if self.is_open(node) else None)), word))
        elif node.shortcut == "optional":
            branches.append(("optional",))
        return (f"{node.kind}<", *joined(branches, " | "), ">", of_word(node.join, head=False))

    def said(self, node: Merge) -> tuple[Chain, ...]:
        """The branches that are written out: of a projection its word stands there."""
        return node.branches[:1] if node.shortcut in ("project", "optional") else node.branches

    def is_open(self, node: Merge) -> bool:
        """Whether a label of a projection that isn't there is all that makes names readable."""
        return node.open and len(node.branches) == 1

    # Repeats

    def repeat(self, node: Repeat) -> Text:
        """All turns as one statement and how often."""
        index = node.index or INDICES[len(self.indices) % len(INDICES)]
        self.indices.append(index)
        spliced, self.outside = self.outside, True
        try:
            turns = [(self.turn(run.node), run.count) for run in node.runs]
        finally:
            self.indices.pop()
            self.outside = spliced
        (first, _), *others = turns
        if any(skeleton(text) != skeleton(first) for text, _ in others):
            raise CannotKeep("turns of a repeat that differ in more than numbers")
        text, counted = self.of_turns(turns, index)
        said = counted or any(f"{{{index}" in piece for piece in text if isinstance(piece, str)) or node.index
        return (*text, Times(Number(node.count, "times")), f" as {index}" if said else "")

    def turn(self, chain: Chain) -> Text:
        """One turn: a statement of its own where it is one, else a group, which a repeat splices."""
        texts = list(self.members(chain))
        if len(texts) == 1 and not isinstance(chain.members[0].node, Repeat) and not _has_plain_label(chain.members[0]):
            return texts[0]
        return ("[", *joined(texts), "]")

    def of_turns(self, turns: Sequence[tuple[Text, Dim]], index: str) -> tuple[Text, bool]:
        """The text of every turn, and whether it says which turn it is."""
        rows = list(zip(*(numbers(text) for text, _ in turns), strict=True))
        if all(each.value == row[0].value for row in rows for each in row):
            return turns[0][0], False
        counts = [count for _, count in turns if isinstance(count, int)]
        if sum(counts) > MOST_TURNS:
            raise CannotKeep("very many turns that differ")
        position = list(range(sum(counts)))
        columns = iter(rows)
        counted = False

        def change(number: Number) -> Number | Formula:
            nonlocal counted
            column = [each.value for each, count in zip(next(columns), counts, strict=True) for _ in range(count)]
            if all(each == column[0] for each in column):
                return number
            counted = True
            found = formula_of(column, {index: position})
            return Formula(found or f"[{', '.join(map(literal, column))}][{index}]")

        return with_numbers(turns[0][0], change), counted


def _has_plain_label(member: Member) -> bool:
    """Whether a member has a label that says nothing of its turn, which ahead of a repeat is that of a container."""
    return member.label is not None and not any(isinstance(piece, Expr) for piece in member.label)
