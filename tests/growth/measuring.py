"""How work grows with a spec: families of specs, each at sizes that double."""

from __future__ import annotations

import math
import multiprocessing
import resource
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection
from typing import NamedTuple

from archdsl.limits import Limits
from tests.growth.families import FAMILIES
from tests.growth.stages import calls, run, seconds

DEEP = 10_000
"""Python's stack, as the command line has it."""


def exponent(family: str, stage: str, n: int, limits: Limits) -> float:
    """By which power calls grow from `n` to four times as much: 1 for work in proportion, 2 for its square.

    What is the same at all sizes drops out, as differences are compared. Where a limit ended the work it is 0.
    """
    # What is made once in a process, the first time that it is needed, is no work of a spec's.
    run(stage, FAMILIES[family](n), limits)
    counts = [calls(stage, FAMILIES[family](size), limits)[0] for size in (n, 2 * n, 4 * n)]
    first, second = counts[1] - counts[0], counts[2] - counts[1]
    return math.log2(second / first) if second > 0 and first > 0 else 0.0


class Line(NamedTuple):
    """The largest size of a family that was tried."""

    n: int
    characters: int
    seconds: float
    growth: float
    megabytes: float
    code: str


def line(family: str, stage: str, most: float, patience: float) -> Line:
    """A family at sizes that double, until one takes `most` seconds or the text is longer than a file may be.

    It is tried in a process of its own, which gets `patience` seconds and 3 GB.
    """
    ours, theirs = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=_try, args=(family, stage, most, patience, theirs))
    process.start()
    theirs.close()
    found: list[tuple[int, int, float, float, str]] = []
    while True:
        try:
            found.append(ours.recv())
        except EOFError:
            break
    process.join()
    if process.exitcode:
        n, characters, _, megabytes, _ = found[-1] if found else (0, 0, 0.0, 0.0, "")
        found.append((2 * n, 2 * characters, math.inf, megabytes, "gave up"))
    n, characters, taken, megabytes, code = found[-1]
    before = found[-2][2] if len(found) > 1 else 0.0
    growth = math.log2(taken / before) if before > 0.01 and 0 < taken < math.inf else 0.0
    return Line(n, characters, taken, growth, megabytes, code)


def _try(family: str, stage: str, most: float, patience: float, pipe: Connection) -> None:
    sys.setrecursionlimit(DEEP)
    resource.setrlimit(resource.RLIMIT_AS, (3 * 2**30, 3 * 2**30))
    for n, text in _texts(family):
        used = math.ceil(resource.getrusage(resource.RUSAGE_SELF).ru_utime + patience)
        # What is given up may not be raised again, so that only the limit that bites is moved.
        resource.setrlimit(resource.RLIMIT_CPU, (used, resource.getrlimit(resource.RLIMIT_CPU)[1]))
        try:
            taken, code = seconds(stage, text)
        except Exception as error:
            taken, code = 0.0, f"{type(error).__name__}: {error}"
        megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        pipe.send((n, len(text), taken, megabytes, code))
        if taken > most or ":" in code:
            break
    pipe.close()


def _texts(family: str) -> Iterator[tuple[int, str]]:
    n = 16
    while True:
        text = FAMILIES[family](n)
        if n > 16 and len(text) > 2**20:
            return
        yield n, text
        n *= 2
