"""Work grows as specs do, counted in calls of functions at three sizes; `python -m tests.growth` tries them larger."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from archdsl.limits import USUAL
from tests.growth.families import FAMILIES
from tests.growth.measuring import DEEP, exponent
from tests.growth.stages import run

IN_PROPORTION = 1.35
"""A power of 1, and what sorting and the like add to it at sizes as small as these."""
NESTED = 2.1
"""What nests has at most a hundred levels, so that the square of them is a bound."""
GUESSING = ("names among", "layers among", "merges among", "labels", "a long name", "names of blocks")
"""Each is compared with each, up to a number for a whole text: see `diagnostics/spelling.py`."""
CAPPED = {
    "broken: look-alikes",  # beyond so many nothing else is looked for
    "broken: layers that don't fit",
    "open: channels that are multiplied",  # a tensor becomes too large
    "open: a product of unlike sums",  # doubles with each factor, up to the heaviest expression
    "open: floors in floors",
    "nested: repeats of two turns",  # doubles with each level, up to the members that are written out
}
"""What ends at a number within the sizes that are tried, so that the sizes say nothing."""


@pytest.fixture(autouse=True)
def as_on_the_command_line() -> Iterator[None]:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, DEEP))
    for stage in ("check", "compile"):
        # What is made once in a process is no work of a spec's.
        for family in ("many: labels", "broken: words", "open: conditions"):
            run(stage, FAMILIES[family](3))
    yield
    sys.setrecursionlimit(before)


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - CAPPED))
def test_checking_grows_in_proportion(family: str) -> None:
    nested = family.startswith("nested") or family.endswith(("of themselves", "in a block"))
    guessing = family.removeprefix("unknown: ").startswith(GUESSING) and family.startswith("unknown")
    # The source is written too, whose formulas hold each other.
    most = NESTED if nested or guessing or family.startswith("open: ") else IN_PROPORTION
    assert exponent(family, "check", 8 if nested else 14, USUAL) <= most
