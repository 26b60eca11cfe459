"""`python -m tests.generated --runs 100000 --seed 1`: specs made at random, and what is wrong with any."""

from __future__ import annotations

import argparse
import gc
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import torch

from .clearing import clear
from .counting import constructs
from .faults import Verdict
from .judging import judge
from .mutants import mutants
from .shortening import shortened, skeleton
from .writing import SpecWriter

SECONDS = 60


class TooLong(Exception):
    """A text that takes longer than anybody waits."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.generated", description=__doc__)
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--mutants", action="store_true", help="mutants of specs, in place of new ones")
    parser.add_argument(
        "--parametric", type=float, default=0.1, help="share of specs whose constructor is compared, too"
    )
    parser.add_argument("--kept", type=int, default=6, help="how many texts of a kind of fault are shortened")
    parser.add_argument("--alone", action="store_true", help="also list what check refuses and the text seems to mean")
    parser.add_argument("--open", action="store_true", help="only specs whose constructor is likely to take parameters")
    parser.add_argument("--count", action="store_true", help="count what the specs that pass have in them")
    parser.add_argument("--out", type=Path, help="a file for the faults that were found")
    options = parser.parse_args()
    torch.set_num_threads(1)
    # What is made for a spec dies with it, mostly without a circle: looking for circles all the time takes a quarter.
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)
    choose = random.Random(options.seed)
    kinds: Counter[str] = Counter()
    keys: Counter[str] = Counter()
    counted: Counter[str] = Counter()
    found: dict[str, tuple[Verdict, str]] = {}
    compared, begun = 0, time.process_time()
    for run, text in enumerate(texts(options.mutants, options.open, options.seed, options.runs)):
        verdict = timed(text, choose.random() < options.parametric)
        kinds[verdict.kind] += 1
        compared += verdict.compared
        if options.count and verdict.kind == "ok":
            counted.update(constructs(text))
        if verdict.is_fault or (options.alone and verdict.kind == "refused alone"):
            key = verdict.key if verdict.is_fault else f"{verdict.kind}: {verdict.detail}"
            keys[key] += 1
            if keys[key] <= options.kept:
                keep(found, key, text)
        if (run + 1) % 500 == 0:
            clear()
            report(run + 1, kinds, compared, begun)
    report(sum(kinds.values()), kinds, compared, begun)
    for name, number in counted.most_common():
        print(f"{number:7} {number / max(1, kinds['ok']):6.1%}  {name}")
    listing = listed(found, keys)
    print(listing)
    if options.out:
        options.out.write_text(listing, encoding="utf-8")
    sys.exit(1 if any(verdict.is_fault for verdict, _ in found.values()) else 0)


def texts(of_mutants: bool, only_open: bool, seed: int, runs: int) -> Iterator[str]:
    if of_mutants:
        yield from mutants(seed, runs)
        return
    for number in range(runs):
        yield SpecWriter(seed * 10_000_000 + number, True if only_open else None).spec()


def timed(text: str, parametric: bool) -> Verdict:
    def late(*_: object) -> None:
        raise TooLong(f"more than {SECONDS} seconds")

    signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        return judge(text, parametric)
    except TooLong as error:
        return Verdict("check crashes", f"too long: {error}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def keep(found: dict[str, tuple[Verdict, str]], key: str, text: str) -> None:
    """Shorten a text with a fault, and keep it if it is the first or the shortest of its shape."""

    def has_fault(candidate: str) -> bool:
        verdict = timed(candidate, key.startswith("constructor"))
        return (verdict.key if verdict.is_fault else f"{verdict.kind}: {verdict.detail}") == key

    short = shortened(text, has_fault) if has_fault(text) else text
    shape = f"{key} | {skeleton(short)}"
    if shape not in found or len(short) < len(found[shape][1]):
        found[shape] = timed(short, key.startswith("constructor")), short
        print(f"{key}\n{short}", flush=True)


def report(runs: int, kinds: Counter[str], compared: int, begun: float) -> None:
    passed = runs - kinds["refused"] - kinds["refused alone"]
    seconds = time.process_time() - begun
    table = ", ".join(f"{kind} {number}" for kind, number in kinds.most_common())
    counted = f"{runs} specs, {passed} pass check ({passed / max(1, runs):.0%})"
    print(f"{counted}; {table}; {compared} constructors compared; {runs / seconds:.0f}/s", flush=True)


def listed(found: dict[str, tuple[Verdict, str]], keys: Counter[str]) -> str:
    parts = []
    for shape, (verdict, text) in sorted(
        found.items(), key=lambda each: (-keys[each[0].split(" | ")[0]], len(each[1][1]))
    ):
        key = shape.split(" | ")[0]
        parts.append(f"## {key} ({keys[key]} in all)\n{verdict.detail}\n```arch\n{text.strip()}\n```\n")
    return "\n".join(parts)


if __name__ == "__main__":
    main()
