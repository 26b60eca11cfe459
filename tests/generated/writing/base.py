"""What all that writes shares: choices, names, labels."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache

from archdsl.diagnostics import Source
from archdsl.syntax import parse_expression, tree

from ..second.expressions import evaluate
from ..second.values import Place
from .places import Block, Here, Labels
from .words import COLLIDING, METHODS, NUMBERS, ODD, WORDS


@cache
def parsed(formula: str) -> tree.Node:
    """A formula as a tree."""
    return parse_expression(Source("formula", formula), formula)


class Writing:
    """The state of a spec in the making, the same for the same seed."""

    def __init__(self, seed: int, open: bool | None = None) -> None:
        self.random = random.Random(seed)
        self.values: dict[str, int] = {}
        self.blocks: list[Block] = []
        self.fresh = 0
        self.open = self.chance(0.3) if open is None else open
        """Whether nothing at the top asks for the value of a parameter, so that the constructor can offer it."""
        self.in_block = False
        self.plain_labels = self.chance(0.6)
        """Whether labels are such that no two modules get one name, so that most specs mean something."""

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def pick(self, items: list[str] | tuple[str, ...]) -> str:
        return self.random.choice(items)

    def either(self, *ways: Callable[[], str]) -> str:
        """What one of these writes; what the others would write is never thought of."""
        return self.random.choice(ways)()

    def new(self, stem: str) -> str:
        self.fresh += 1
        return f"{stem}{chr(96 + self.fresh % 26 or 26)}" + ("z" * (self.fresh // 26))

    def value(self, formula: str) -> int:
        """A formula at the top, where all is known."""
        found = evaluate(parsed(formula), Place(self.values))
        assert isinstance(found, int)
        return found

    def hole(self, formula: str) -> str:
        return formula if formula.isdigit() else f"{{{formula}}}"

    def wrapped(self, formula: str) -> str:
        return formula if re.fullmatch(r"\w+", formula) else f"({formula})"

    def set_channels(self, here: Here, formula: str) -> None:
        here.c = str(self.value(formula)) if here.top else formula

    def label(self, here: Here, share: float = 1.0) -> str:
        """A label that is new in its container, or nothing."""
        if here.mute or not self.chance(share):
            return ""
        for _ in range(10):
            pick = self.random.random()
            if self.plain_labels or pick < 0.45:
                name = self.pick(WORDS)
            elif pick < 0.55:
                name = self.pick(NUMBERS)
            elif pick < 0.65:
                name = self.pick(ODD)
            elif pick < 0.8:
                name = self.pick(COLLIDING)
            else:
                name = self.pick(METHODS)
            holes = "".join(f"{{{index}}}" if self.chance(0.8) else f"{{{index} + 1}}" for index, _ in here.turns)
            if here.turns and self.chance(0.1):
                name = ""
            if here.turns and len(here.turns) > 1:
                holes = "_".join(f"{{{index}}}" for index, _ in here.turns)
            if not holes and here.names and (not self.open or self.in_block) and self.chance(0.08):
                holes = f"{{{self.pick(here.names)}}}"
            if here.indices and not here.turns and self.chance(0.15):
                # The index of turns around the container.
                holes += f"{{{self.pick(here.indices)}}}"
            name += holes
            if name and name not in here.labels.taken:
                here.labels.taken.add(name)
                return self.label_text(name)
        return ""

    def label_text(self, name: str) -> str:
        if re.fullmatch(r"[A-Za-z_](\w|\{[^{}]*\})*", name, re.ASCII):
            return f"{name}: "
        return f'"{name}": '

    def mark(self, here: Here, label: str, inner: Labels | None = None) -> None:
        """Remember what a label names."""
        name = label.removesuffix(": ").strip('"')
        if not name or not re.fullmatch(r"[A-Za-z_](\w|\{[^{}]*\})*", name, re.ASCII):
            return
        here.labels.own[name] = replace(here, labels=Labels({}))
        if inner:
            for path, there in inner.own.items():
                here.labels.own[f"{name}.{path}"] = there

    def own(self, here: Here, word: str, share: float) -> str:
        """A label of this word with a letter behind, where there may be labels."""
        return "" if here.mute or here.turns or not self.chance(share) else f"{self.new(word)}: "

    def path(self, here: Here, keep: bool, longest: int = 3) -> str:
        """Some statements in sequence."""
        longest = max(1, min(longest, 4 - here.depth))
        return " ".join(self.statement(here, keep) for _ in range(self.random.randint(1, longest)))

    def statement(self, here: Here, keep: bool) -> str:
        raise NotImplementedError
