"""Names of architectures and blocks that are no names."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.diagnostics import Diagnostic
from archdsl.syntax.recovery.broken import Broken, Repair, Replacement, Report


class NameNotation(Diagnostic):
    """The name of an architecture or block with more than letters, digits and underscores in it."""

    code = "name-notation"
    bad = "arch res-net\ninput 3x8x8\nrelu\n"
    mended = "arch res_net\ninput 3x8x8\nrelu\n"


_NAMED = re.compile(r'[ \t]*(arch|block)[ \t]+(?P<name>"[^"\n]*"|[^\s(=<#:\[][^\s(=<#:\["]*)')


def rule(broken: Broken) -> Iterator[Repair]:
    """`arch res-net`, `arch "resnet"`, `block 3d = [ … ]`."""
    named = _NAMED.match(broken.line)
    if named is None:
        return
    start, end = (broken.line_start + place for place in named.span("name"))
    name = named["name"]
    mended = re.sub(r"[^A-Za-z0-9_]+", "_", name.strip('"')).strip("_")
    if not mended or mended == name:
        return
    if mended[0].isdigit():
        mended = "_" + mended
    yield Repair.of(
        Replacement(start, end, mended),
        Report(
            NameNotation,
            start,
            end,
            f"`{name}` is no name",
            "a name has letters, digits and underscores, and begins with none of the digits",
            helps=(f"call it `{mended}`",),
        ),
    )
