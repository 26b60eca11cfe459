"""`python -m tests.fuzz [--runs N] [--seed S] [--unguided]`: mutants of small specs.

They are guided by the code that they reach, which needs atheris (`pip install -e '.[fuzz]'`). What was found
stands in build/fuzz: `crash-*` for a text that is a bug of ours, `corpus` for texts that reach further than others,
and for each seed how far texts got.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import traceback
from collections import Counter
from pathlib import Path

CHANGED_FURTHER = 0.05
OFFSPRING = 300
"""Without guidance, what share of the texts that are networks is changed further, and how many of them at a time."""

BUILD = Path(__file__).resolve().parents[2] / "build" / "fuzz"


def _kind(error: Exception) -> str:
    """What tells one bug from another: the exception, and where it was raised."""
    place = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}-{Path(place.filename).stem}-{place.lineno}"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Try mutants of small specs.")
    parser.add_argument("--runs", type=int, default=100_000, help="how many texts (default 100000)")
    parser.add_argument("--seed", type=int, default=1, help="what the mutants depend on (default 1)")
    parser.add_argument("--corpus", type=Path, help="where to keep texts that reach further (default in build/fuzz)")
    parser.add_argument("--unguided", action="store_true", help="without atheris: faster, and blind")
    options = parser.parse_args()
    if options.unguided:
        from tests.fuzz.exercise import STAGES, Slow, exercise
    else:
        import atheris

        with atheris.instrument_imports(
            include=["archdsl.syntax", "archdsl.elaborate", "archdsl.formatting", "archdsl.backends.torch"]
        ):
            from tests.fuzz.exercise import STAGES, Slow, exercise
    from tests.fuzz.mutation import CORPUS, LONGEST, Mutator, seeds

    kept = options.corpus or BUILD / "corpus" / str(options.seed)
    for folder in (BUILD, kept):
        folder.mkdir(parents=True, exist_ok=True)
    reached: Counter[str] = Counter()
    crashes: set[str] = set()

    def finish() -> None:
        total = reached.total()
        share = 1 - reached["refused"] / max(1, total)
        table = {stage: reached[stage] for stage in STAGES}
        report = {"seed": options.seed, "inputs": total, "past_the_parser": round(share, 4), "crashes": len(crashes)}
        (BUILD / f"seed-{options.seed}.json").write_text(json.dumps({**report, "stages": table}) + "\n")
        print(
            f"seed {options.seed}: {total} inputs, {share:.1%} past the parser, {len(crashes)} bugs; {table}",
            flush=True,
        )

    def one(data: bytes) -> str:
        """Try one text, and say how far it got."""
        text = data.decode("utf-8", errors="surrogateescape")
        stage = "refused"
        try:
            try:
                stage = exercise(text)
            except Slow:
                # The machine may have been busy: what is slow is so a second time.
                stage = exercise(text)
            reached[stage] += 1
        except Exception as error:
            reached["refused"] += 1
            kind = _kind(error)
            # Of each kind one text is kept, and the search goes on.
            if kind not in crashes:
                crashes.add(kind)
                (BUILD / f"crash-{kind}.arch").write_bytes(data)
                print(f"{kind}: {error}", flush=True)
        if reached.total() % 1000 == 0:
            finish()
        if reached.total() >= options.runs:
            sys.stdout.flush()
            os._exit(1 if crashes else 0)
        return stage

    def guided(data: bytes) -> int:
        """Try one text; -1 keeps what the parser refuses, but for one in eight, from being changed further."""
        return -1 if one(data) == "refused" and reached["refused"] % 8 else 0

    def mutate(data: bytes, longest: int, seed: int) -> bytes:
        text = data.decode("utf-8", errors="replace")
        return Mutator(seed).mutant(text).encode("utf-8", errors="replace")[:longest]

    if options.unguided:
        choose = random.Random(options.seed)
        texts = [*seeds()]
        texts += [path.read_text(encoding="utf-8", errors="replace") for path in sorted(kept.iterdir())]
        first = len(texts)
        while True:
            # The shorter of two: short texts show as much, and there is time for more of them.
            text = min(choose.choice(texts), choose.choice(texts), key=len)
            mutant = mutate(text.encode(), LONGEST, choose.randrange(2**32))
            if one(mutant) in ("built", "source") and choose.random() < CHANGED_FURTHER:
                # Mutants of mutants: a network far from all that anybody wrote.
                texts.append(mutant.decode("utf-8", errors="replace"))
                if len(texts) > first + OFFSPRING:
                    texts[choose.randrange(first, first + OFFSPRING)] = texts.pop()

    flags = [
        f"-seed={options.seed}",
        f"-max_len={LONGEST}",
        "-len_control=0",
        "-mutate_depth=1",
        "-rss_limit_mb=2500",
        "-timeout=60",
    ]
    flags += ["-artifact_prefix=" + str(BUILD) + "/", "-print_final_stats=0", str(kept), str(CORPUS)]
    atheris.Setup([sys.argv[0], *flags], guided, custom_mutator=mutate)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
