"""Specs changed at random: a number, a word, a label moved, a line doubled or gone."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path

from tests.fuzz.mutation import seeds

from .writing import SpecWriter

HERE = Path(__file__).parents[1]
WORDS = [
    "relu",
    "bn",
    "conv1-4",
    "conv3-4",
    "identity",
    "tanh",
    "gap",
    "fc-4",
    "x2",
    "x3 as i",
    "project",
    "optional",
    "a:",
    '"0":',
    "relu1:",
    "@a",
    "dwconv3",
]


def mutants(seed: int, runs: int) -> Iterator[str]:
    """So many texts, each a spec with one to three changes."""
    choose = random.Random(seed)
    kept = [*seeds(), *_written()]
    for number in range(runs):
        text = (
            choose.choice(kept) if choose.random() < 0.3 else SpecWriter(seed * 10_000_000 + number + 5_000_000).spec()
        )
        for _ in range(choose.choice([1, 1, 2, 3])):
            text = changed(text, choose)
        yield text


def _written() -> list[str]:
    """The small specs of the pages of the language."""
    found = []
    for page in sorted((HERE / "language").glob("*.md")):
        found += [match[1] for match in re.finditer(r"```arch\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)]
    return [each for each in found if len(each) < 1500 and "from " not in each]


def changed(text: str, choose: random.Random) -> str:
    """A text with one change."""
    kind = choose.random()
    tokens = [*re.finditer(r'"[^"\n]*":?|@[\w.{}]+|[A-Za-z_][\w{}+-]*:|[A-Za-z_][\w-]*|\d+|[^\s\w]', text)]
    if not tokens:
        return text
    one, two = sorted(choose.sample(tokens, 2), key=lambda each: each.start()) if len(tokens) > 1 else (tokens[0],) * 2
    if kind < 0.25:
        numbers = [each for each in tokens if each[0].isdigit()] or tokens
        one = choose.choice(numbers)
        return text[: one.start()] + str(choose.choice([0, 1, 2, 3, 4, 5, 8])) + text[one.end() :]
    if kind < 0.4:
        return text[: one.start()] + two[0] + text[one.end() : two.start()] + one[0] + text[two.end() :]
    if kind < 0.6:
        labels = [each for each in tokens if each[0].endswith(":") and len(each[0]) > 1]
        if labels:
            label = choose.choice(labels)
            without = text[: label.start()] + text[label.end() :]
            places = [match.start() for match in re.finditer(r"(?<=[\s\[<|])[a-z]", without)] or [len(without)]
            place = choose.choice(places)
            return f"{without[:place]}{label[0]} {without[place:]}"
        return text[: one.start()] + choose.choice(WORDS) + " " + text[one.start() :]
    if kind < 0.75:
        return text[: one.start()] + choose.choice(WORDS) + " " + text[one.start() :]
    if kind < 0.85:
        words = [each[0] for each in tokens if re.match(r"[A-Za-z_\"@]", each[0])] or ["relu"]
        return text[: one.start()] + choose.choice(words) + text[one.end() :]
    lines = text.split("\n")
    place = choose.randrange(len(lines))
    if kind < 0.93:
        lines.insert(choose.randrange(len(lines)), lines[place])
    else:
        del lines[place]
    return "\n".join(lines)
