"""Small specs, changed in ways that mostly leave them in the language, so that mutants get past the parser."""

from __future__ import annotations

import random
import re
from functools import cache
from pathlib import Path

from archdsl.layers.base import keywords
from tests.backends.torch.random_programs import EXTRAS, KEEPING, LAYERS, PARAMETERS, Programs

CORPUS = Path(__file__).parent / "corpus"
LONGEST = 400
"""Characters of a mutant. What only a long text has is tested apart; short ones are tried by the thousand."""

NUMBERS = [
    *"0123457",
    "8",
    "16",
    "64",
    "99",
    "1.5",
    "0.1",
    "-1",
    "1_000",
    "1e-6",
    "4.1G",
    "1000000000",
    "1e309",
    "2**70",
]
NAMES = ["c", "s", "k", "act", "i", "in_channels", "in_width", "net", "unit", "unita", "a", "m1", "forward", "class"]
FUNCTIONS = ["min", "max", "abs", "round", "floor", "int", "len", "sum", "range", "zip", "enumerate", "divisible"]
LINES = [
    "after conv relu",
    "after conv [bn relu]",
    "default bn(eps=0.001)",
    "let a = {in_channels * 2}",
    "let a, s = {(2, 3)}",
    "for c in {[2, 4, 8]} [conv1-{c}]",
    "for c, s in {zip([2, 4], [1, 2])} as k [m{k}: conv3-{c}/{s}]",
    "if {in_channels > 2} [relu] else if {in_width == 3} [bn] else [gap]",
    "block unit<layer>(c, act = relu) = [conv: layer bn act conv1-{c}]",
    "block a(c, s = 1) = [residual<conv3-{c}/{s} bn relu | down: project>]",
    "unit<conv3-4 | relu>(8)",
    "unit<conv3-4>(c=8, act=silu)",
    "a(4) a(8, s=2) x2",
    "m1: conv1-4 concat<@m1 | identity>",
    "m{i}: a(4) x3 as i",
    '"b{1 + 1}-x": [relu bn]',
    "expect params == 12",
    "expect output == 4x8x8",
    "expect size(@m1) < 4",
    'init conv kaiming(mode="fan_out")',
    "init fc normal(std=0.01)",
    "aux side from @m1 [gap fc-3]",
    "table c\n| 1 | 2 |\n| conv3-2 | relu bn |\n| - | conv1-4 x2 |",
    "variants\n| name | c | expect params |\n| v1 | 2 | - |\n| v2 | 4 | 10 |",
    "# a comment",
    "pad(1) crop(1) upsample2 pixelshuffle2 reshape(4, 2, 2)",
    "permute(1, 0, 2) chunk(0, 2) channelshuffle(2) conv-head-3",
    "gap fc-10 softmax",
]
EXPRESSIONS = [
    "c * 2",
    "in_channels // 2",
    "[1, 2, 3]",
    "(1, 2)",
    "c if c > 2 else 3",
    "[i * c for i in range(3)]",
    "not c == 2",
    "a[0]",
    "a[1:]",
    "min(c, 4)",
    "divisible(c * 0.75, 8)",
    "2 ** c",
    "-c",
    "c % 3 + 1",
    "relu",
    '"A"',
    "true and c > 1",
]


@cache
def seeds() -> tuple[str, ...]:
    """The kept corpus."""
    return tuple(path.read_text(encoding="utf-8") for path in sorted(CORPUS.glob("*.txt")))


class Mutator:
    """Changes texts; the same seed gives the same mutant."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def mutant(self, text: str) -> str:
        """A text changed in one to three places."""
        for _ in range(self.random.choice([1, 1, 1, 2, 3])):
            text = self.change(text)
        return text[:LONGEST]

    def change(self, text: str) -> str:
        """A text changed in one place; one in twenty times by a character, which may break it."""
        pick = self.random.random()
        if pick < 0.05:
            return self.character(text)
        if pick < 0.15:
            return self.program()
        if pick < 0.30:
            return self.swap(text, r"(?<![A-Za-z_.])[0-9]+(?![A-Za-z_.])", self.random.choice(NUMBERS))
        if pick < 0.45:
            return self.swap(text, r"[a-z_]+[0-9]*(?:-[0-9]+)?(?:/[0-9]+)?(?=\s|\]|$)", self.layer())
        if pick < 0.55:
            return self.swap(text, r"\{[^{}\n]*\}", "{" + self.expression() + "}")
        if pick < 0.62:
            return self.swap(text, r"\b[a-z_][a-z0-9_]*\b", self.random.choice([*NAMES, *FUNCTIONS]))
        if pick < 0.70:
            return self.swap(text, r"\[[^\[\]\n]*\]", self.group())
        return self.line(text)

    def swap(self, text: str, pattern: str, replacement: str) -> str:
        found = [*re.finditer(pattern, text)]
        if not found:
            return self.line(text)
        match = self.random.choice(found)
        return text[: match.start()] + replacement + text[match.end() :]

    def layer(self) -> str:
        if self.random.random() < 0.3:
            return self.random.choice(sorted(keywords()))
        chosen = self.random.choice([*LAYERS, *KEEPING, *(use for use, _ in PARAMETERS.values()), *EXTRAS])
        return chosen.replace("{n}", self.random.choice(["1", "2", "4", "8"]))

    def group(self) -> str:
        inside = " ".join(self.layer() for _ in range(self.random.randint(0, 3)))
        kinds = [
            "[{}]",
            "[{}] x2",
            "[[{}] x3 as i]",
            "residual<{} | project>",
            "concat<{} | identity>",
            "m{{i}}: [{}] x2 as i",
        ]
        return self.random.choice(kinds).format(inside)

    def expression(self) -> str:
        chosen = self.random.choice(EXPRESSIONS)
        if self.random.random() < 0.3:
            chosen = f"{self.random.choice(FUNCTIONS)}({chosen}, {self.random.choice(NUMBERS)})"
        return chosen

    def line(self, text: str) -> str:
        """A line more, one less, two swapped, or one of another text."""
        lines = text.split("\n")
        place = self.random.randrange(len(lines) + 1)
        pick = self.random.random()
        if pick < 0.5:
            lines.insert(place, self.random.choice(LINES))
        elif pick < 0.65 and len(lines) > 2:
            del lines[place - 1]
        elif pick < 0.8 and len(lines) > 2:
            other = self.random.randrange(len(lines))
            lines[place - 1], lines[other] = lines[other], lines[place - 1]
        else:
            lines.insert(place, self.random.choice(self.random.choice(seeds()).split("\n")))
        return "\n".join(lines)

    def character(self, text: str) -> str:
        place = self.random.randrange(len(text) + 1)
        new = self.random.choice(
            [*"[](){}<>|,:=#@-/\"' \n\t\r.x0\\", "×", "с", "\u202e", "\x00", "\x1b", "٣", "**", ""]
        )
        return text[:place] + new + text[place + self.random.randint(0, 2) :]

    def program(self) -> str:
        """A new program, as the tests of the source make them, at random and mostly right."""
        return Programs(self.random.randrange(2**32)).program()
