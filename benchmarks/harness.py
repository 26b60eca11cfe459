"""Measures ours beside a rival, in turn and in one run, and says which ratios miss their target.

`python -m benchmarks [ENTRY ...]` runs the entries named, or all: each file in `entries` is one. It prints a
table, writes build/benchmarks.json, and ends with 1 if a target is missed. See README.md beside this file.
"""

from __future__ import annotations

import argparse
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter

import benchmarks.entries

ROOT = Path(__file__).resolve().parents[1]

FLOOR = "import lark, pydantic\nclass Model(pydantic.BaseModel):\n    x: int\nModel(x=1)"
"""What a process costs that imports our two largest libraries, declares one model, and does nothing else."""


@dataclass(frozen=True)
class Entry:
    """Two pieces of work to compare; `target` is the most that ours / rival may be, None where nothing is promised."""

    title: str
    ours: Callable[[], object]
    rival: Callable[[], object]
    target: float | None = None


@dataclass(frozen=True)
class Measured:
    """Medians in milliseconds, and their ratio."""

    title: str
    ours_ms: float
    rival_ms: float
    target: float | None

    @property
    def ratio(self) -> float:
        return self.ours_ms / self.rival_ms

    @property
    def missed(self) -> bool:
        return self.target is not None and self.ratio > self.target


def python(code: str, *arguments: str) -> Callable[[], object]:
    """A whole process of this Python, bytecode cached as for an installed package. Raises if it fails."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    command = [sys.executable, "-c", code, *arguments]
    return lambda: subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)


def archdsl(*arguments: str) -> Callable[[], object]:
    """A whole process of a command, with the two lines that pip makes of an entry point."""
    return python("import sys\nfrom archdsl.cli import main\nsys.exit(main())", *arguments)


def measure(entry: Entry, rounds: int, clock: Callable[[], float] | None = None) -> Measured:
    """Ours and the rival in turn, `rounds` times each, after one turn of each that doesn't count."""
    clock = clock or perf_counter
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(rounds + 1):
        for work, taken in zip((entry.ours, entry.rival), times, strict=True):
            start = clock()
            work()
            if turn:
                taken.append((clock() - start) * 1000)
    ours, rival = map(median, times)
    return Measured(entry.title, ours, rival, entry.target)


def entries(names: Iterable[str] = ()) -> dict[str, Entry]:
    """The entries by their file's name: what each file calls `entry`. All where none is named."""
    known = sorted(module.name for module in pkgutil.iter_modules(benchmarks.entries.__path__))
    return {name: import_module(f"benchmarks.entries.{name}").entry for name in names or known}


def table(results: Iterable[Measured]) -> str:
    """A line an entry; times are of this run alone and say nothing about another machine."""
    rows = [("entry", "ours ms", "rival ms", "ours/rival", "target", "")]
    for each in results:
        target = "-" if each.target is None else f"≤ {each.target:.3g}"
        cells = (f"{each.ours_ms:.1f}", f"{each.rival_ms:.1f}", f"{each.ratio:.3g}", target)
        rows.append((each.title, *cells, "missed" if each.missed else ""))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ([row[0].ljust(widths[0]), *map(str.rjust, row[1:5], widths[1:5]), row[5]] for row in rows)
    return "\n".join("  ".join(line).rstrip() for line in lines)


def main(arguments: list[str] | None = None) -> int:
    """Run entries; 0 if every target is met, 1 if not, 2 for a name that is no entry."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure ours beside a rival.")
    parser.add_argument("names", nargs="*", metavar="ENTRY", help="a file of benchmarks/entries; by default all")
    parser.add_argument("--rounds", type=int, default=15, help="how often each side is run (default 15)")
    parser.add_argument("--output", type=Path, default=ROOT / "build" / "benchmarks.json")
    options = parser.parse_args(arguments)
    try:
        chosen = entries(options.names)
    except ModuleNotFoundError as error:
        parser.error(str(error))
    results = report({name: measure(entry, options.rounds) for name, entry in chosen.items()}, options.output)
    return 1 if any(each.missed for each in results.values()) else 0


def report(results: Mapping[str, Measured], output: Path) -> Mapping[str, Measured]:
    """Print the table and write the same as JSON; gives the results back."""
    print(table(results.values()))
    document = {name: {**asdict(each), "ratio": each.ratio, "missed": each.missed} for name, each in results.items()}
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
    return results
