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


_NAMED = re.compile(r'[ \t]*(arch|block)[ \t]+(?P<name>"[^"\n]*"|[\[({<]?[^\s(=<#:\[][^\s(=<#:\["]*)')


def rule(broken: Broken) -> Iterator[Repair]:
    """`arch res-net`, `arch "resnet"`, `block 3d = [ … ]`."""
    lines = [broken.line_start]
    if broken.opens_line and broken.last is not None:
        lines.append(broken.text.rfind("\n", 0, broken.last.start) + 1)
    for line in lines:
        named = _NAMED.match(broken.text, line)
        mended = _mended(named["name"]) if named is not None else ""
        if named is None or not mended or mended == named["name"]:
            continue
        yield Repair.of(
            Replacement(*named.span("name"), mended),
            Report(
                NameNotation,
                *named.span("name"),
                f"`{named['name']}` is no name",
                "a name has letters, digits and underscores, and begins with no digit",
                helps=(f"call it `{mended}`",),
            ),
        )


def _mended(name: str) -> str:
    kept = re.sub(r"[^A-Za-z0-9_]+", "_", name.strip('"')).strip("_")
    return f"_{kept}" if kept[:1].isdigit() else kept
