"""What is done with a text, and how much work it is."""

from __future__ import annotations

import cProfile
import gc
import time
from collections.abc import Callable
from typing import NamedTuple

from archdsl.analysis.alignment import difference
from archdsl.backends.difference import difference_text
from archdsl.backends.graphviz import RenderError, dot
from archdsl.checking import check_program
from archdsl.diagnostics import ArchError, render_all, to_json
from archdsl.fixing import mend
from archdsl.formatting import format_source
from archdsl.limits import USUAL, Limits
from archdsl.network import loads
from archdsl.opening.imports import read_program
from archdsl.opening.reading import text_source
from archdsl.rewrite.rule import rewrites
from archdsl.syntax import parse


def _parse(text: str, limits: Limits) -> None:
    parse(text_source(text, "net.arch", limits), limits)


def _check(text: str, limits: Limits) -> None:
    report = check_program(read_program(text_source(text, "net.arch", limits), limits=limits))
    if report.diagnostics:
        raise ArchError(*report.diagnostics)


def _fix(text: str, limits: Limits) -> None:
    mend(text.encode(), "net.arch", None)


def _shapes(text: str, limits: Limits) -> None:
    shapes = loads(text, limits=limits).shapes(receptive_field=True)
    shapes.to_text(explain=True)
    shapes.to_json()


def _rewrite(text: str, limits: Limits) -> None:
    network = loads(text, limits=limits)
    for rule in rewrites():
        try:
            network.rewrite(rule)
        except ArchError as error:
            render_all(error.diagnostics)


def _diff(text: str, limits: Limits) -> None:
    old, new = loads(text, limits=limits).architecture, loads(text + "\nrelu\n", limits=limits).architecture
    difference_text(old, new, difference(old, new))


def _diagram(text: str, limits: Limits) -> None:
    try:
        dot(loads(text, limits=limits).architecture, depth=9)
    except RenderError:
        dot(loads(text, limits=limits).architecture)


STAGES: dict[str, Callable[[str, Limits], object]] = {
    "parse": _parse,
    "check": _check,
    "fix": _fix,
    "fmt": lambda text, limits: format_source(text_source(text, "net.arch", limits), limits),
    "shapes": _shapes,
    "json": lambda text, limits: loads(text, limits=limits).to_json(),
    "memory": lambda text, limits: loads(text, limits=limits).memory(),
    "compile": lambda text, limits: loads(text, limits=limits).source(),
    "diagram": _diagram,
    "diff": _diff,
    "rewrite": _rewrite,
}


class Work(NamedTuple):
    """What a stage took for a text."""

    calls: int
    """Calls of functions, ours and Python's own: the same on every machine."""
    seconds: float
    """Of the processor, without counting."""
    code: str
    """The first mistake that ended it; empty if there was none."""


def run(stage: str, text: str, limits: Limits = USUAL) -> str:
    """Do it, mistakes shown and all, and give the code of the first."""
    try:
        STAGES[stage](text, limits)
    except RenderError:
        return "render-error"
    except ArchError as error:
        render_all(error.diagnostics)
        for each in error.diagnostics:
            to_json(each)
        return error.diagnostics[0].code
    return ""


def calls(stage: str, text: str, limits: Limits = USUAL) -> tuple[int, str]:
    """How many functions are called, and the code of the first mistake."""
    profile = cProfile.Profile(subcalls=False)
    # As on the command line nothing is collected meanwhile: what forgets an earlier spec would be counted too.
    gc.collect()
    gc.disable()
    profile.enable()
    try:
        code = run(stage, text, limits)
    finally:
        profile.disable()
        gc.enable()
    return sum(each.callcount for each in profile.getstats()), code


def seconds(stage: str, text: str, limits: Limits = USUAL) -> tuple[float, str]:
    """What it takes of the processor's time, and the code of the first mistake."""
    begun = time.process_time()
    code = run(stage, text, limits)
    return time.process_time() - begun, code
