"""Specs changed at random, mostly so that they still mean something: labels moved, layers wrapped, numbers changed."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from archdsl.diagnostics import ArchError
from archdsl.opening.reading import text_source
from archdsl.syntax import parse, tree
from tests.fuzz.mutation import seeds

from .writing import SpecWriter
from .writing.words import ARCH, BLOCKS, COLLIDING, METHODS, NUMBERS, ODD, POINTWISE, WORDS

LANGUAGE = Path(__file__).parents[1] / "language"
TOKEN = r'"[^"\n]*":?|@[\w.{}]+|[A-Za-z_][\w{}+-]*:|[A-Za-z_][\w-]*|\d+|[^\s\w]'


def mutants(seed: int, runs: int) -> Iterator[str]:
    """So many texts, each a spec with one to four changes."""
    choose = random.Random(seed)
    for number in range(runs):
        text = choose.choice(_kept()) if choose.random() < 0.3 else SpecWriter(seed * 10_000_000 + number).spec()
        for _ in range(choose.choice([1, 1, 2, 3, 4])):
            text = changed(text, choose)
        yield text


@cache
def _kept() -> list[str]:
    """The small specs of the pages of the language, and those that fuzzing starts from."""
    found = [*seeds()]
    for page in sorted(LANGUAGE.glob("*.md")):
        found += [match[1] for match in re.finditer(r"```arch\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)]
    return [each for each in found if len(each) < 1500 and "from " not in each]


def changed(text: str, choose: random.Random) -> str:
    """A text with one change, of its tree or of its tokens."""
    try:
        file = parse(text_source(text, "net.arch"))
    except ArchError:
        return of_tokens(text, choose)
    statements = [each for item in file.items for each in item.walk() if isinstance(each, tree.Statement)]
    kind = choose.random()
    if not statements or kind < 0.1:
        return of_tokens(text, choose)
    if kind < 0.55:
        return of_statement(text, choose.choice(statements), choose)
    if kind < 0.7:
        return relabelled(text, choose)
    if kind < 0.8:
        return renamed(text, file, choose)
    if kind < 0.9:
        return with_another_number(text, choose)
    merges = [
        each for item in file.items for each in item.walk() if isinstance(each, tree.Merge) and len(each.paths) > 1
    ]
    if not merges:
        return of_statement(text, choose.choice(statements), choose)
    merge = choose.choice(merges)
    one, two = sorted(choose.sample(merge.paths, 2), key=lambda each: each.span.start)
    between = text[one.span.end : two.span.start]
    return text[: one.span.start] + two.span.text + between + one.span.text + text[two.span.end :]


def of_statement(text: str, node: tree.Statement, choose: random.Random) -> str:
    """A statement wrapped, labelled, left out, or with a layer beside it."""
    start, end, said = node.span.start, node.span.end, node.span.text
    bare = text[node.body.span.start : end]
    label = word(choose)
    ways = [
        f"[{said}]",
        f"[{said}] x1",
        f"[{said}] x2",
        f"[{said}] x2 as i9",
        f"{label}[{said}]",
        f"if {{true}} [{said}]",
        f"for z9 in {{[1]}} [{said}]",
        f"for z9 in {{[1, 2]}} as i9 [{said}]",
        f"[[{said}]]",
        f"{label}{bare}",
        f"{label}{bare}",
        f"{label}{bare}",
        bare,
        f"{said} {choose.choice(POINTWISE)}",
        f"{choose.choice(POINTWISE)} {said}",
        f"{said} {label}{choose.choice(POINTWISE)}",
        f"{label}{choose.choice(POINTWISE)} {said}",
        f"{said} {bare}",
        f"residual<{said} | identity>",
        f"residual<{said} | project>",
        f"add<{said} | {bare}>",
        f"concat<{said} | identity>",
        "",
    ]
    if isinstance(node.body, tree.Head) and node.body.name.text in POINTWISE:
        ways += [choose.choice(POINTWISE)] * 8
    if node.label is not None and node.label.plain and node.repeat is None:
        ways += [f"{said} add<@{node.label.plain} | identity>"] * 3
    return text[:start] + choose.choice(ways) + text[end:]


def word(choose: random.Random) -> str:
    """A label of any kind."""
    name = choose.choice(choose.choice([WORDS, NUMBERS, ODD, COLLIDING, METHODS]))
    return f"{name}: " if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII) else f'"{name}": '


def relabelled(text: str, choose: random.Random) -> str:
    """Another name for a label and for all that refer to it."""
    labels = sorted(set(re.findall(r"\b([A-Za-z_]\w*): ", text)))
    if not labels:
        return with_another_number(text, choose)
    old, new = choose.choice(labels), choose.choice([*COLLIDING, *METHODS, *WORDS])
    text = re.sub(rf"\b{old}: ", f"{new}: ", text)
    return re.sub(rf"(?<=@){old}\b|(?<=\.){old}\b", new, text)


def renamed(text: str, file: tree.File, choose: random.Random) -> str:
    """Another name for a block or a parameter, everywhere."""
    names = [item.name.text for item in file.items if isinstance(item, tree.Block)]
    names += [
        each.name.text for item in file.items if isinstance(item, (tree.Block, tree.Arch)) for each in item.parameters
    ]
    if not names:
        return with_another_number(text, choose)
    old, new = choose.choice(names), choose.choice([*BLOCKS, *ARCH, *METHODS])
    return re.sub(rf"(?<![\w@.\"]){old}\b(?!\w|:)", new, text)


def with_another_number(text: str, choose: random.Random) -> str:
    numbers = [*re.finditer(r"(?<![\w.])\d+(?![\w.])", text)]
    if not numbers:
        return of_tokens(text, choose)
    one = choose.choice(numbers)
    return text[: one.start()] + str(choose.choice([0, 1, 2, 3, 4, 5, 8])) + text[one.end() :]


def of_tokens(text: str, choose: random.Random) -> str:
    """Two tokens swapped, one in place of another, or a line moved."""
    tokens = [*re.finditer(TOKEN, text)]
    if len(tokens) < 2:
        return text
    one, two = sorted(choose.sample(tokens, 2), key=lambda each: each.start())
    kind = choose.random()
    if kind < 0.35:
        return text[: one.start()] + two[0] + text[one.end() : two.start()] + one[0] + text[two.end() :]
    if kind < 0.6:
        return text[: one.start()] + two[0] + text[one.end() :]
    lines = text.split("\n")
    place = choose.randrange(len(lines))
    if kind < 0.85:
        lines.insert(choose.randrange(len(lines)), lines[place])
    else:
        del lines[place]
    return "\n".join(lines)
