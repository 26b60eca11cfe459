"""What the members of a container are called: the names in tables, sources and `state_dict` keys.

A container is numbered, as `nn.Sequential` is, unless labels inside a merge's branches belong to it; then, at
the top, and in a block whose weights all have labels, members without a label get readable names.
The copies that a spliced repeat makes share one name, a formula of the turn.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal, TypeAlias

from archdsl.ir.named import Named, NamedRun
from archdsl.ir.nodes import (
    Call,
    Chain,
    Choice,
    LayerNode,
    Member,
    Merge,
    Name,
    Node,
    Reference,
    Repeat,
    at,
)
from archdsl.once import once
from archdsl.shape import Dim
from archdsl.symbolic import Expr, choose, symbol

Style = Literal["numbered", "named"]
Kind = Literal["top", "block", "group"]


# The public attributes of `nn.Module`; a test holds this list to torch's.
MODULE_ATTRIBUTES = frozenset(
    """
    T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double
    dump_patches eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu
    load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to
    to_empty train training type xpu zero_grad
    """.split()  # noqa: SIM905 — a list of sixty lines would be no easier to read
)

CONTAINER_ATTRIBUTES = frozenset({"append", "extend", "insert", "pop"})
"""What `nn.Sequential` and `nn.ModuleList` have beside those; a test holds this list to torch's too."""


def style(chain: Chain, kind: Kind) -> Style:
    """Whether the members of a container without a label are numbered or get readable names."""
    if kind == "top" or leaks(chain):
        return "named"
    if kind == "block":
        members = list(spliced(chain.members))
        labelled = any(member.label is not None for member in members)
        if labelled and all(member.label is not None or not has_state(member.node) for member in members):
            return "named"
    return "numbered"


def spliced(members: Iterable[Member]) -> Iterator[Member]:
    """The members of a container, those of spliced repeats and choices among them, each once."""
    for member in members:
        if isinstance(member.node, (Repeat, Choice)):
            for part in member.node.parts:
                assert isinstance(part, Chain)
                yield from spliced(part.members)
        else:
            yield member


def leaks(chain: Chain) -> bool:
    """Whether labels inside the branches of an unlabelled merge belong to this container."""
    return any(member.label is None and is_open(member.node) for member in spliced(chain.members))


@once
def is_open(node: Node) -> bool:
    """Whether a node is a merge with labels in its branches, which belong to the container around it."""
    if not isinstance(node, Merge):
        return False
    return node.open or any(
        leaks(branch) or any(member.label is not None or member.marks for member in spliced(branch.members))
        for branch in node.branches
    )


@once
def has_state(node: Node) -> bool:
    """Whether a node has anything in the `state_dict`."""
    if isinstance(node, LayerNode):
        return bool(node.layer.weights(node.input) or node.layer.buffers(node.input))
    return any(has_state(part) for part in node.parts)


def as_container(merge: Merge) -> Chain:
    """A labelled merge with labels inside as the container that it is, with the merge for its only member."""
    alone = Member(label=None, node=merge)
    return Chain(input=merge.input, output=merge.output, span=merge.span, members=(alone,), container=True)


def branches(merge: Merge) -> tuple[tuple[Named, ...], ...]:
    """The members of the branches of a merge that is a module: named as in a container of its own, or by position."""
    if is_open(merge):
        (alone,) = names(as_container(merge), "named")
        return alone.sides
    return tuple(names(branch, "numbered") for branch in merge.branches)


def stem(node: Node) -> str:
    """What a member without a label is called after: its keyword, block or merge."""
    if isinstance(node, LayerNode):
        return node.layer.keyword.replace("-", "_")
    if isinstance(node, Call):
        return node.block
    if isinstance(node, Reference):
        return "reference"
    return node.kind.replace("-", "_") if isinstance(node, Merge) else "group"


def at_most_one(total: Dim) -> bool:
    """Whether a word is used for one member at most, as far as that is known."""
    return isinstance(total, int) and total <= 1


def names(chain: Chain, chosen: Style, is_alone: Callable[[Dim], bool] = at_most_one) -> tuple[Named, ...]:
    """The members of a container with their names, in order.

    In a class that serves several calls `is_alone` says whether a word is used at most once in all of them.
    """
    if chosen == "numbered":
        return _Namer(None).named(chain.members, {})[0]
    labels = [member.label for member in _all(chain) if member.label]
    totals = _Namer({}).named(chain.members, {})[1]
    return _Namer(_separators(totals, labels, is_alone)).named(chain.members, {})[0]


def _separators(totals: Counts, labels: list[Name], is_alone: Callable[[Dim], bool]) -> dict[str, str | None]:
    """What stands between each word and its number, None for a word that needs none: no two names are ever equal."""
    given = {_pattern(label) for label in labels}
    found: dict[str, str | None] = {}
    for word, total in totals.items():
        if not _is_taken(word) and not any(each.fullmatch(word) for each in given) and is_alone(total):
            found[word] = None
    fixed = {*found, *(_example(label) for label in labels)}
    shapes = {_shape(_example(label)) for label in labels if any(isinstance(piece, Expr) for piece in label)}
    prefixes: set[str] = set()
    for word in totals:
        if word in found:
            continue
        prefix = f"{word}_" if word[-1].isdigit() else word
        while (
            prefix in prefixes
            or any(re.fullmatch(f"{re.escape(prefix)}[0-9]+", name) for name in fixed)
            or _shape(f"{prefix}0") in shapes
        ):
            prefix += "_"
        prefixes.add(prefix)
        found[word] = prefix.removeprefix(word)
    return found


def _pattern(label: Name) -> re.Pattern[str]:
    """The texts that a label may be in the turns of a repeat."""
    pieces = ("-?[0-9]+" if isinstance(piece, Expr) else re.escape(str(piece)) for piece in label)
    return re.compile("".join(pieces))


def _shape(name: str) -> str:
    """A name whatever the numbers in it are."""
    return re.sub("-?[0-9]+", "#", name)


def _is_taken(word: str) -> bool:
    """Whether a module can't go by this word, so that it gets a number even where it is the only one."""
    return word in MODULE_ATTRIBUTES or keyword.iskeyword(word) or word.startswith("_")


def _example(label: Name) -> str:
    """A label as text, of one that depends on the turn of a repeat what it is in the first."""
    return "".join(piece if isinstance(piece, str) else "0" for piece in label)


def _all(chain: Chain) -> Iterator[Member]:
    for member in spliced(chain.members):
        yield member
        if isinstance(member.node, Merge) and member.label is None and is_open(member.node):
            for branch in member.node.branches:
                yield from _all(branch)


Counts: TypeAlias = dict[str, Dim]


class _Namer:
    """Gives names in order. `words` is None for numbers, else what stands between a word and its number."""

    def __init__(self, words: dict[str, str | None] | None) -> None:
        self.words = words
        self.widths: dict[Chain, Counts] = {}

    def named(self, members: Iterable[Member], counts: Counts, depth: int = 0) -> tuple[tuple[Named, ...], Counts]:
        """Members with their names, and how often each word was used when they are done."""
        found: list[Named] = []
        for member in members:
            node = member.node
            if isinstance(node, Repeat):
                runs, counts = self.repeat(node, counts, depth)
                found.append(Named(member, None, runs))
            elif isinstance(node, Choice):
                sides, counts = self.choice(node, counts, depth)
                found.append(Named(member, None, sides=sides))
            elif self.words is not None and member.label is None and is_open(node):
                parts = []
                for branch in node.parts:
                    assert isinstance(branch, Chain)
                    part, counts = self.named(branch.members, counts, depth)
                    parts.append(part)
                found.append(Named(member, None, sides=tuple(parts)))
            else:
                name, counts = self.name(member, counts)
                found.append(Named(member, name))
        return tuple(found), counts

    def name(self, member: Member, counts: Counts) -> tuple[Name, Counts]:
        if self.words is None:
            number = counts.get("", 0)
            return member.label or at((number,)), {"": number + 1}
        if member.label is not None:
            return member.label, counts
        word = stem(member.node)
        number = counts.get(word, 0) + 1
        separator = self.words.get(word)
        name: Name = (word,) if separator is None else at((word + separator, number))
        return name, counts | {word: number}

    def repeat(self, node: Repeat, counts: Counts, depth: int) -> tuple[tuple[NamedRun, ...], Counts]:
        runs: list[NamedRun] = []
        start: Dim = 0
        for run in node.runs:
            width = self.width(run.node)
            turn = symbol(f"turn{depth}")
            assert isinstance(turn, Expr)
            # A single turn has nothing before it: repeats of one turn within each other would only pile up formulas.
            before = 0 if run.count == 1 else turn
            ahead = {word: counts.get(word, 0) + step * before for word, step in width.items()}
            members, _ = self.named(run.node.members, counts | ahead, depth + 1)
            if node.index is not None:
                members = tuple(each.at(**{node.index: start + turn}) for each in members)
            runs.append(NamedRun(run, turn, start, members))
            counts = counts | {word: counts.get(word, 0) + step * run.count for word, step in width.items()}
            start = start + run.count
        return tuple(runs), counts

    def width(self, chain: Chain) -> Counts:
        """How often each word is used in one turn: asked at every level of repeats within each other, counted once."""
        if chain not in self.widths:
            self.widths[chain] = self.through(chain, {})
        return self.widths[chain]

    def behind(self, member: Member, counts: Counts) -> Counts:
        """How often each word was used when a member is done."""
        node = member.node
        if isinstance(node, Repeat):
            for run in node.runs:
                width = self.width(run.node)
                counts = counts | {word: counts.get(word, 0) + step * run.count for word, step in width.items()}
            return counts
        if isinstance(node, Choice):
            return self.either(node, *(self.through(side, counts) for side in (node.then, node.otherwise)))
        if self.words is not None and member.label is None and is_open(node):
            for branch in node.parts:
                assert isinstance(branch, Chain)
                counts = self.through(branch, counts)
            return counts
        return self.name(member, counts)[1]

    def through(self, chain: Chain, counts: Counts) -> Counts:
        """How often each word was used behind a chain."""
        for member in chain.members:
            counts = self.behind(member, counts)
        return counts

    def choice(self, node: Choice, counts: Counts, depth: int) -> tuple[tuple[tuple[Named, ...], ...], Counts]:
        then, used = self.named(node.then.members, counts, depth)
        otherwise, other = self.named(node.otherwise.members, counts, depth)
        return (then, otherwise), self.either(node, used, other)

    def either(self, node: Choice, used: Counts, other: Counts) -> Counts:
        """How often each word was used behind a choice, from how often on each side."""
        both = {word: (used.get(word, 0), other.get(word, 0)) for word in [*used, *other]}
        return {word: choose(node.condition, *each) for word, each in both.items()}
