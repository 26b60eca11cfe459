"""The network of a text with everything unrolled, and what its modules are called by decision 3."""

from __future__ import annotations

import itertools
import keyword
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from torch import nn

from .tensors import BIASED, Layer
from .values import Refused, Slot


@dataclass(eq=False)
class Box:
    """A container."""

    members: list[Member]
    kind: str = "group"
    stem: str = "group"


@dataclass(eq=False)
class Join:
    """Branches that meet: `kind` is concat, add or mul. `passed` says that what arrives is one more summand."""

    kind: str
    word: str
    branches: list[list[Member]]
    passed: bool = False
    says_labels: bool = False


@dataclass(eq=False)
class Taken:
    """The tensor of a label."""

    slot: Slot


@dataclass(eq=False)
class Output:
    """A second output, in training only."""

    name: str
    slot: Slot
    body: list[Member]
    """One member, which goes by the output's name."""


Node: TypeAlias = "Layer | Box | Join | Taken | Output"


@dataclass(eq=False)
class Member:
    node: Node
    label: str | None = None
    slots: list[Slot] = field(default_factory=list)


def settle_biases(members: list[Member]) -> None:
    """No bias right ahead of a batch normalization."""
    for member, following in itertools.pairwise(members):
        node, behind = member.node, following.node
        if isinstance(node, Layer) and node.keyword in BIASED and isinstance(behind, Layer):
            node.bias = behind.keyword != "bn"


def is_open(join: Join) -> bool:
    """Whether labels in its branches belong to the container around a merge without one."""
    return join.says_labels or any(
        each.label is not None or (isinstance(each.node, Join) and is_open(each.node))
        for branch in join.branches
        for each in branch
    )


def _leaks(members: list[Member]) -> bool:
    return any(each.label is None and isinstance(each.node, Join) and is_open(each.node) for each in members)


def has_state(node: Node) -> bool:
    match node:
        case Layer():
            return bool(node.state())
        case Box():
            return any(has_state(each.node) for each in node.members)
        case Join():
            return any(has_state(each.node) for branch in node.branches for each in branch)
        case Output():
            return any(has_state(each.node) for each in node.body)
    return False


def give_names(box: Box, prefix: str = "") -> None:
    """Give every layer below a container its name. Raises Refused where two modules would have one."""
    named = box.kind == "top" or _leaks(box.members)
    if box.kind == "block":
        labels = any(each.label is not None for each in box.members)
        named = named or (labels and all(each.label is not None or not has_state(each.node) for each in box.members))
    found = _readable(box.members) if named else _numbered(box.members)
    taken: set[str] = set()
    for member, name in found:
        if name in taken and not isinstance(member.node, Taken):
            raise Refused("two-of-one-name", prefix + name)
        taken.add(name)
        _give(member.node, prefix + name)


def _give(node: Node, name: str) -> None:
    match node:
        case Layer():
            node.name = name
        case Box():
            give_names(node, f"{name}.")
        case Join():
            if is_open(node):
                give_names(Box([Member(node)], "top"), f"{name}.")
                return
            for place, branch in enumerate(node.branches):
                for member, position in _numbered(branch):
                    _give(member.node, f"{name}.{place}.{position}")
        case Output():
            _give(node.body[0].node, name)


def _numbered(members: list[Member]) -> list[tuple[Member, str]]:
    return [(each, each.label if each.label is not None else str(place)) for place, each in enumerate(members)]


def _all(members: list[Member]) -> Iterator[Member]:
    """Members with those of the branches that belong to their container."""
    for each in members:
        if each.label is None and isinstance(each.node, Join) and is_open(each.node):
            for branch in each.node.branches:
                yield from _all(branch)
        elif each.label is not None or not isinstance(each.node, Taken):
            yield each


RESERVED = frozenset(name for name in dir(nn.Module()) if not name.startswith("_"))


def _readable(members: list[Member]) -> list[tuple[Member, str]]:
    """Labels, and words with numbers, which keep apart from all labels by as many underscores as it takes."""
    everyone = list(_all(members))
    # What a reference is called names no module.
    labels = {each.label for each in everyone if each.label is not None and not isinstance(each.node, Taken)}
    words = [_word(each.node) for each in everyone if each.label is None]
    plain = {word for word in words if words.count(word) == 1 and word not in labels and not _is_reserved(word)}
    prefixes: dict[str, str] = {}
    for word in words:
        if word in plain or word in prefixes:
            continue
        prefix = f"{word}_" if word[-1].isdigit() else word
        while prefix in prefixes.values() or any(
            re.fullmatch(f"{re.escape(prefix)}[0-9]+", name) for name in {*labels, *plain}
        ):
            prefix += "_"
        prefixes[word] = prefix
    counts: dict[str, int] = {}
    found: list[tuple[Member, str]] = []
    for each in everyone:
        if each.label is not None:
            found.append((each, each.label))
            continue
        word = _word(each.node)
        counts[word] = counts.get(word, 0) + 1
        found.append((each, word if word in plain else f"{prefixes[word]}{counts[word]}"))
    return found


def _is_reserved(word: str) -> bool:
    """Whether no module can go by a word alone."""
    return word in RESERVED or keyword.iskeyword(word) or word.startswith("_")


def _word(node: Node) -> str:
    match node:
        case Layer():
            return node.keyword.replace("-", "_")
        case Box():
            return node.stem
        case Join():
            return node.word
    return "group"


def layers(members: list[Member]) -> Iterator[Layer]:
    """All layers in order."""
    for each in members:
        match each.node:
            case Layer():
                yield each.node
            case Box():
                yield from layers(each.node.members)
            case Join():
                for branch in each.node.branches:
                    yield from layers(branch)
            case Output():
                yield from layers(each.node.body)
