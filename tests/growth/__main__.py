"""`python -m tests.growth [--stage S] [--family F] [--most SECONDS]`: how long specs take that grow in one way each.

Each family of specs is tried at sizes that double, until one takes long or is as long as a file may be. Printed is the
largest: its size, what it took of the processor's time and of memory, by which power that grew in the last doubling,
and the mistake or limit that ended it.
"""

from __future__ import annotations

import argparse

from tests.growth.families import FAMILIES
from tests.growth.measuring import line
from tests.growth.stages import STAGES


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.growth", description="How work grows with a spec.")
    parser.add_argument("--stage", choices=STAGES, action="append", help="what is done; by default everything")
    parser.add_argument("--family", default="", help="only families with this in their names")
    parser.add_argument("--most", type=float, default=1.0, help="seconds from which on no larger one is tried")
    parser.add_argument("--patience", type=float, default=30.0, help="seconds after which one is given up")
    options = parser.parse_args()
    stages = options.stage or list(STAGES)
    print(f"{'family':44} {'stage':8} {'n':>7} {'letters':>8} {'seconds':>8} {'power':>5} {'MB':>6}  ended by")
    slowest, largest = 0.0, 0.0
    for family in FAMILIES:
        for stage in stages if options.family in family else ():
            found = line(family, stage, options.most, options.patience)
            slowest, largest = max(slowest, found.seconds), max(largest, found.megabytes)
            print(
                f"{family:44} {stage:8} {found.n:7} {found.characters:8} {found.seconds:8.2f} "
                f"{found.growth:5.1f} {found.megabytes:6.0f}  {found.code}",
                flush=True,
            )
    print(f"the slowest took {slowest:.1f} s, the largest {largest:.0f} MB")


if __name__ == "__main__":
    main()
