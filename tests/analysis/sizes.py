"""`python -m tests.analysis.sizes`: the smallest input of the zoo and of specs made at random, against torch.

Each is declared at three sizes and has to answer the same; there torch runs the network, and a side below it doesn't.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator

import torch

import archdsl
from archdsl import ArchError

from ..generated.writing import SpecWriter
from ..specs.specs_under_test import variants

LARGEST = 400


def declared(text: str, variant: str | None, near: int, draw: random.Random) -> list[archdsl.Network]:
    """The network at three square sizes that it takes; fewer where it takes few."""
    found: dict[int, archdsl.Network] = {}
    for _ in range(40):
        side = draw.randint(1, 2 * near) if found else near
        if side not in found and len(found) < 3:
            try:
                found[side] = at(text, variant, side)
            except ArchError:
                continue
    return list(found.values())


def at(text: str, variant: str | None, side: int) -> archdsl.Network:
    network = archdsl.loads(text, variant=variant)
    return network.at((network.input[0], *[side] * (len(network.input) - 1)))


def runs(network: archdsl.Network, side: int) -> bool:
    """Whether torch runs the network in evaluation on an input of a side."""
    with torch.device("meta"):
        module = network.module().eval()
        try:
            module(torch.empty(1, network.input[0], *[side] * (len(network.input) - 1)))
        except (RuntimeError, ValueError, IndexError):
            return False
    return True


def problem(text: str, variant: str | None, near: int, draw: random.Random) -> str:
    """What is wrong with the smallest input of a spec: `ok`, or in a few words."""
    networks = declared(text, variant, near, draw)
    if not networks:
        return "takes no square input that was tried"
    answers = {network.shapes().smallest_input for network in networks}
    if len(answers) > 1:
        return f"WRONG: {sorted(map(str, answers))}"
    (answer,) = answers
    if answer is None:
        return "WRONG: none, though it was declared at one"
    # A class that is made for one size holds weights of that size; one with auxiliary outputs takes less in evaluation.
    try:
        smallest = at(text, variant, answer)
    except ArchError:
        smallest = networks[0]
    if not runs(smallest, answer):
        return f"WRONG: torch doesn't run it at {answer}"
    codes: set[str] = set()
    if answer > 1:
        try:
            at(text, variant, answer - 1)
        except ArchError as error:
            codes = {each.code for each in error.diagnostics}
        else:
            return f"WRONG: {answer - 1} is taken as well"
        if runs(smallest, answer - 1):
            # Torch spreads a 1 along any size; branches of a spec are equal or are none.
            return "ok, broadcast" if "branch-mismatch" in codes else f"WRONG: torch runs it at {answer - 1}: {codes}"
    return "ok"


def texts(count: int, seed: int) -> Iterator[tuple[str, str | None, int]]:
    for number in range(count):
        text = SpecWriter(seed * 10_000_000 + number).spec()
        try:
            network = archdsl.loads(text)
        except ArchError:
            continue
        if len(network.input) > 1:
            yield text, network.variant, max(network.input[1:])


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.analysis.sizes", description=__doc__)
    parser.add_argument("--runs", type=int, default=2500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--zoo", action="store_true", help="every variant of every spec that comes along, too")
    options = parser.parse_args()
    kinds: Counter[str] = Counter()
    cases = [] if not options.zoo else [*zoo()]
    for text, variant, near in [*cases, *texts(options.runs, options.seed)]:
        try:
            found = problem(text, variant, near, random.Random(text))
        except Exception as error:
            found = f"WRONG: {error!r}"
        kinds[found.partition(":")[0]] += 1
        if "WRONG" in found:
            print(found, variant, text, sep="\n", flush=True)
    print(dict(kinds))
    sys.exit(1 if kinds["WRONG"] else 0)


def zoo() -> Iterator[tuple[str, str | None, int]]:
    from archdsl.opening.library import files

    for path in files():
        for name, variant in variants():
            if name == path.name:
                text = path.read_text(encoding="utf-8")
                sizes = archdsl.load(name, variant=variant).input[1:]
                if sizes:
                    yield text, variant, max(sizes)


if __name__ == "__main__":
    main()
