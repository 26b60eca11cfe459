"""Every fix that is offered is made: `python -m tests.diagnostics.fixes --runs 10000 --seed 1` counts them."""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from archdsl.diagnostics import Diagnostic, Edit
from archdsl.trying import edited

from .made_mistakes import Made, checked, mistakes
from .test_broken import cases


@dataclass
class Tally:
    """What was looked at, and the fixes that don't do what they promise."""

    texts: int = 0
    said: int = 0
    proposed: int = 0
    """Mistakes that come with an edit, before it is tried."""
    sound: int = 0
    """Those whose first edit leaves one mistake less and none new."""
    offered: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, made: Made) -> None:
        found = checked(made.text)
        self.texts += 1
        self.said += len(found)
        for each in found:
            if each.remedies:
                self.proposed += 1
                self.sound += leaves_one_less(made, found, each, each.remedies[0].edits)
            if each.fixes:
                self.offered += 1
                if not leaves_one_less(made, found, each, each.fixes):
                    after = [f"{left.code}: {left.message}" for left in checked(edited(made.text, each.fixes))]
                    edits = [(edit.span.text, edit.replacement) for edit in each.fixes]
                    self.wrong.append(f"{each.code}: {each.message} {edits} leaves {after} of\n{made.text}")

    def __str__(self) -> str:
        return (
            f"{self.texts} texts with {self.said} mistakes: {self.proposed} with an edit, of which {self.sound} mend; "
            f"{self.offered} fixes offered, {len(self.wrong)} of them wrong"
        )


def leaves_one_less(made: Made, found: Iterable[Diagnostic], mended: Diagnostic, edits: Iterable[Edit]) -> bool:
    """Whether edits leave the other mistakes and nothing else.

    Where a text was broken in several places, one may hide another: then it has to be what the text shows that was
    broken only there.
    """
    after = said(checked(edited(made.text, edits)))
    if after == said(each for each in found if each is not mended):
        return True
    # A place is broken in one way, and shows in several.
    shown = [set(said(checked(other))) for other in made.others]
    return len(made.others) > 1 and any(set(after) <= other for other in shown)


def said(found: Iterable[Diagnostic]) -> Counter[tuple[str, str]]:
    return Counter((each.code, each.message) for each in found)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    for title, texts in (
        ("broken specs", (Made(case.bad, (case.mended,)) for case in cases())),
        ("made up", mistakes(given.seed, given.runs)),
    ):
        tally = Tally()
        for made in texts:
            tally.add(made)
        for wrong in tally.wrong[:40]:
            print(wrong)
        print(f"{title}: {tally}")


if __name__ == "__main__":
    main()
