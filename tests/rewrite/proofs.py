"""Every rule on every spec, proven on random weights and inputs. As a script it runs them all and prints what came out.

`python -m tests.rewrite.proofs [RULE ...]` is a part of `make proofs`; the tests run some of each structure.
"""

from __future__ import annotations

import re
import sys
import time
from dataclasses import dataclass, field

import archdsl
from archdsl.network import Network
from archdsl.opening.reading import read_source
from archdsl.proving import prove
from archdsl.rewrite import Rewritten, rewrites
from tests.specs.specs_under_test import SPECS, small, variants

_BY_TEXT = ("c3d.arch", "vgg16.arch")
"""Specs whose `fc` reads a map as it comes, so that the text must say the size that is tried."""


_known: dict[tuple[object, ...], Rewritten | str] = {}


@dataclass(frozen=True)
class Case:
    """A rule on one network."""

    file: str
    variant: str | None
    rule: str
    switches: tuple[str, ...] = ()
    narrow: tuple[tuple[str, str], ...] = field(default=())
    """What is written otherwise, so that there is less to compute."""

    def __str__(self) -> str:
        return " ".join([self.rule, *(f"--{each}" for each in self.switches), self.variant or self.file])

    def network(self) -> Network:
        """The network on an input that is quick to run."""
        if self.file not in _BY_TEXT and not self.narrow:
            return small(self.file, self.variant)
        text = read_source(SPECS / self.file).text
        for old, new in self.narrow:
            assert old in text
            text = text.replace(old, new)
        sizes = "x".join(map(str, small(self.file, self.variant).input))
        if self.file in _BY_TEXT:
            text = re.sub(r"^input .*$", f"input {sizes}", text, flags=re.MULTILINE)
        return archdsl.loads(text, name=self.file, variant=self.variant, input=sizes)

    def rewritten(self, network: Network) -> Rewritten | str:
        """The spec with the rule applied, or why it isn't: once for all variants where the rule is for all."""
        variant = self.variant if rewrites()[self.rule].writes_out else None
        key = (self.file, variant, self.rule, self.switches, self.narrow, network.program.file.source.text)
        if key not in _known:
            try:
                _known[key] = network.rewrite(self.rule, **dict.fromkeys(self.switches, True))
            except archdsl.ArchError as error:
                _known[key] = error.diagnostics[0].message
        return _known[key]

    def run(self) -> str:
        """What came of it, or why there was nothing to do. Raises ArchError where an exact rule isn't."""
        network = self.network()
        rewritten = self.rewritten(network)
        if isinstance(rewritten, str):
            return f"no: {rewritten}"
        proof, _ = prove(network, rewritten)
        return f"{'equal' if proof.equal else 'other'}: {proof}"


def everything() -> list[Case]:
    """Each rule, with each of its switches, on each variant of each spec."""
    found: list[Case] = []
    for name, rule in rewrites().items():
        for switches in ((), *((each,) for each in rule.options)):
            found += [Case(file, variant, name, switches) for file, variant in variants()]
    return found


def main(names: list[str]) -> int:
    failed = 0
    for case in everything():
        if names and case.rule not in names:
            continue
        start = time.monotonic()
        try:
            outcome = case.run()
        except archdsl.ArchError as error:
            failed += 1
            outcome = f"FAILED: {error}"
        print(f"{case}: {outcome} [{time.monotonic() - start:.1f} s]", flush=True)
    print(f"{failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
