"""Every rule on networks made at random: applied or refused, and right where it is applied.

`python -m tests.rewrite.generated --runs 5000 --seed 1` prints what came out, and each text with which
anything is wrong.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass

import torch

import archdsl
from archdsl.checking import check_program
from archdsl.network import Network
from archdsl.opening.imports import read_program
from archdsl.opening.reading import text_source
from archdsl.proving import prove, rewritten_network
from archdsl.rewrite import Rewritten, rewrites

from .networks import spec

SECONDS = 30
REFUSALS = ("nothing-to-rewrite", "cannot-rewrite", "rewrite-too-long", "too-many-copies")
HEAVY = 3_000_000
"""Multiply-accumulates and parameters beyond which a network isn't run."""


@dataclass(frozen=True)
class Outcome:
    """What came of a rule on a network; `fault` says what is wrong, if anything is."""

    kind: str
    fault: str = ""
    text: str = ""


def rules() -> list[tuple[str, dict[str, bool]]]:
    """Each rule without switches and with each of its own."""
    return [
        (name, switches)
        for name, rule in rewrites().items()
        for switches in ({}, *({option: True} for option in rule.options))
    ]


def network_of(text: str) -> Network | None:
    """The network of a spec that passes `check`."""
    program = read_program(text_source(text, "net.arch"))
    try:
        if check_program(program).errors:
            return None
    except (AssertionError, SyntaxError) as error:
        # What the compiler gets wrong by itself is for its own tests.
        print(f"check: {error}\n{text}", flush=True)
        return None
    return archdsl.loads(text)


def tried(network: Network, rule: str, switches: dict[str, bool]) -> Outcome:
    """A rule tried on a network, and everything that it claims held."""
    try:
        rewritten = network.rewrite(rule, **switches)
    except archdsl.ArchError as error:
        odd = [each.code for each in error.diagnostics if each.code not in REFUSALS]
        return Outcome("refused", f"refused by {odd[0]}: {error}" if odd else "")
    try:
        return Outcome("applied", wrong(network, rewritten), rewritten.text)
    except archdsl.ArchError as error:
        if "difference nan" in str(error):
            # Maps that are squared time and again are no numbers in the end, on either side.
            return Outcome("applied, and beyond what numbers hold")
        return Outcome("applied", f"proof: {error}", rewritten.text)


def wrong(network: Network, rewritten: Rewritten) -> str:
    """What is wrong with an outcome; '' if nothing is."""
    report = check_program(read_program(text_source(rewritten.text, "new.arch")))
    if report.errors:
        return f"fails check: {report.errors[0]}"
    new = rewritten_network(network, rewritten)
    new.source()
    if not rewritten.rule.exact and new.output != network.output:
        return f"makes {new.output} of {network.output}"
    weight = max(each.shapes().macs + each.shapes().params for each in (network, new))  # type: ignore[type-var]
    if not isinstance(weight, int) or weight > HEAVY:
        return ""
    proof, made = prove(network, rewritten)
    if set(made) != set(new.module().state_dict()):
        return f"weights are missing: {sorted(set(new.module().state_dict()) ^ set(made))[:3]}"
    return "" if proof.equal or not rewritten.rule.exact else f"not equal: {proof}"


def late(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} seconds")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.rewrite.generated")
    parser.add_argument("--runs", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(1)
    signal.signal(signal.SIGALRM, late)
    kinds: Counter[str] = Counter()
    networks = faults = 0
    begun = time.process_time()
    for seed in range(options.seed, options.seed + options.runs):
        text = spec(seed)
        network = network_of(text)
        if network is None:
            continue
        networks += 1
        for rule, switches in rules():
            name = " ".join([rule, *(f"--{each}" for each in switches)])
            signal.alarm(SECONDS)
            try:
                outcome = tried(network, rule, switches)
            except Exception:
                outcome = Outcome("crashed", traceback.format_exc(limit=-4))
            finally:
                signal.alarm(0)
            kinds[f"{name}: {outcome.kind}"] += 1
            if outcome.fault:
                faults += 1
                print(f"## {name} on seed {seed}\n{text}\n{outcome.text}\n{outcome.fault}\n", flush=True)
    for name, number in sorted(kinds.items()):
        print(f"{number:6} {name}")
    print(f"{networks} networks of {options.runs} texts, {sum(kinds.values())} rewrites tried, {faults} with faults")
    print(f"{time.process_time() - begun:.0f} s of a core")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
