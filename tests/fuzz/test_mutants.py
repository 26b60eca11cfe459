"""Mutants of small specs, a few hundred that are the same in each run. `make fuzz` tries them without end."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from tests.fuzz.exercise import exercise
from tests.fuzz.mutation import CORPUS, Mutator, seeds


@pytest.mark.parametrize("name", sorted(path.name for path in CORPUS.iterdir()))
def test_the_corpus(name: str) -> None:
    assert exercise((CORPUS / name).read_text(encoding="utf-8"), everything=True) in (
        ("refused",) if name == "mistake.txt" else ("built", "source")
    )


def test_mutants_are_no_bugs_and_most_get_past_the_parser() -> None:
    choose = random.Random(0)
    reached = Counter(exercise(Mutator(seed).mutant(choose.choice(seeds()))) for seed in range(250))
    assert reached["refused"] < 0.5 * reached.total(), reached
    assert reached["source"] > 10, reached


FOUND = {
    "a number in a hole that is beyond all": 'arch net\ninput 3x8x8\n"a{min(2, 1e309)}": relu\n',
    "an exponent in a hole that has millions of digits": 'arch net\ninput 3x8x8\n"a{1e99999999G}": relu\n',
    "an exponent in a hole beyond Decimal": 'arch net\ninput 3x8x8\n"a{1e99999999999999999999}": relu\n',
    "brackets in a hole": f'arch net\ninput 3x8x8\n"a{{{"(" * 400}1{")" * 400}}}": relu\n',
    "digits in a hole": f'arch net\ninput 3x8x8\n"a{{{"9" * 900}}}": relu\n',
    "a label that depends on the input": "arch net\ninput 3x8x8\nx{in_width}: [relu conv3-4] x3\n",
    "a label that depends on an argument": "arch net\ninput 3x8x8\nblock a(c) = [m{c}: conv3-{c} relu]\na(4) a(8)\n",
    "a repeat whose turns differ in a shortcut": "arch net(n = 5)\ninput 4x16x12\nblock a(s, k) = "
    "[residual<conv1-{2 * in_channels}/{s} conv{k}-{in_channels} | project> relu]\n[a(1, 5)] x2\ngap fc-{n}\n",
    "conditions without end": "arch net\ninput 3x8x8\nblock b(c) = ["
    + "".join(f"if {{c > {i}}} [relu]\n" for i in range(60))
    + "]\nb(5) b(1000)\n",
    "conditions around nothing": "arch net\ninput 3x8x8\nblock b(c) = [conv1-{c} "
    + "".join(f"if {{c > {i}}} [let a = {{1}}]\n" for i in range(40))
    + "]\nb(5) b(1000)\n",
    "a shortcut that shrinks as a chain with an unknown kernel does": "arch net\ninput 3x16x12\nblock a(s, k) = "
    "[residual<conv1-{2 * in_channels}/{s} conv{k}-{in_channels} avgpool3/99(padding=1) | project> relu]\na(1, 3)\n",
    "a shortcut beside what is a chain of windows for some values only": "arch net\ninput 8x16x12\nblock a(f, s) = "
    "[residual<upsample{f} conv3-{in_channels}/{s} | project> relu]\na(1, 2)\n",
    "comments that a look ahead could read in two ways": "arch net\ninput 3x8x8\nrelu\nvariants "
    + "# \n" * 60
    + "relu\n",
}
"""What broke archdsl once, or took it without end."""


@pytest.mark.parametrize("text", FOUND.values(), ids=FOUND)
def test_what_was_found_is_mended(text: str) -> None:
    exercise(text, everything=True)
