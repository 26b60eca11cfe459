"""One text through all that makes a network of it, and whether what runs is what was written."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

import torch

from archdsl import checking
from archdsl.backends.torch import source as written_source
from archdsl.checking import check_program
from archdsl.diagnostics import ArchError
from archdsl.elaborate.program import Program
from archdsl.ir.nodes import Architecture
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
        with sources() as found:
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
        for architecture, source in found[:2]:
            compared += _judged(Network(program, architecture), source, random.Random(text), parametric)
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


@contextmanager
def sources() -> Iterator[list[tuple[Architecture, str]]]:
    """What `check` finds to compile, with the source that it wrote."""
    found: list[tuple[Architecture, str]] = []

    def noted(program: Program, architecture: Architecture) -> str:
        text = written_source(program, architecture)
        found.append((architecture, text))
        return text

    with mock.patch.object(checking, "written_source", noted):
        yield found


def _judged(network: Network, source: str, choose: random.Random, parametric: bool) -> int:
    program = network.program
    if not is_small(network):
        raise Unsure("too large to run here")
    if choose.random() < 0.1 and written(build(program, network.variant)) != source:
        raise Fault("compile differs", "written a second time, the source is another one")
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
        compare_larger(program, network.variant, source, module, second, state)
    return compare_parameters(program, network, kind, choose) if parametric else 0
