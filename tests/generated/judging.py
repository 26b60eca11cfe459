"""One text through all that makes a network of it, and whether what runs is what was written."""

from __future__ import annotations

import random

import torch

from archdsl.checking import check_program
from archdsl.diagnostics import ArchError
from archdsl.elaborate.program import Program
from archdsl.network import Network, build
from archdsl.opening.imports import read_program
from archdsl.opening.reading import text_source

from .comparing import compare_larger, compare_parameters, compare_structure, compare_values
from .executing import drawn, executed, is_small, made, seeded, written
from .faults import Fault, Verdict, brief
from .second.values import Refused, Unsure
from .second.walk import Second

READ = {
    "branch-mismatch",
    "label-twice",
    "misplaced-reference",
    "recursive-block",
    "unknown-label",
    "unknown-name",
}
"""What `check` refuses for what a text says of names and shapes, which is read a second time here, too."""


def network_of(text: str) -> Network:
    """The network of a text that means something."""
    return build(read_program(text_source(text, "net.arch")))


def judge(text: str, parametric: bool = True) -> Verdict:
    """Whether a text that `check` passes compiles, runs, and is what it says."""
    try:
        program = read_program(text_source(text, "net.arch"))
        report = check_program(program)
    except ArchError as error:
        return Verdict("refused", ", ".join(each.code for each in error.diagnostics))
    except Exception as error:
        return Verdict("check crashes", brief(error))
    if report.errors:
        return refusal(program, ", ".join(each.code for each in report.errors))
    if program.is_library:
        return Verdict("refused", "library")
    compared = 0
    try:
        for variant in [*program.variants][:2] or [None]:
            compared += _judged(program, variant, random.Random(text), parametric)
    except Fault as fault:
        return fault.verdict
    except Unsure as error:
        return Verdict("unsure", str(error))
    return Verdict("ok", compared=compared)


def refusal(program: Program, codes: str) -> Verdict:
    """What `check` refuses; `refused alone` where the text reads as if it meant something."""
    if not set(codes.split(", ")) <= READ:
        return Verdict("refused", codes)
    try:
        for variant in [*program.variants] or [None]:
            Second(program.file, variant=variant)
    except Exception:
        return Verdict("refused", codes)
    return Verdict("refused alone", codes)


def _judged(program: Program, variant: str | None, choose: random.Random, parametric: bool) -> int:
    network = build(program, variant)
    if not is_small(network):
        raise Unsure("too large to run here")
    source = written(network)
    kind = executed(source)
    module = made(kind, {})
    try:
        second = Second(program.file, variant=network.variant)
    except Refused as error:
        raise Fault("second refuses", str(error)) from None
    compare_structure(network, module, second)
    state = drawn(module)
    for batch in (2,):
        x = torch.randn(batch, *network.input, generator=seeded(), dtype=torch.float64)
        compare_values(module, second, state, x)
    if choose.random() < 0.2:
        compare_larger(program, variant, source, module, second, state)
    return compare_parameters(program, network, kind, choose) if parametric else 0
