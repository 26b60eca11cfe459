"""What a change does to a text, as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from archdsl.diagnostics.columns import safe

_COLORS = {"---": "1", "+++": "1", "@": "36", "-": "31", "+": "32"}


def difference(old: str, new: str, name: str, color: bool) -> Iterator[str]:
    """The lines of a diff that `patch` takes; in colour, for a person, no character of a spec is left raw."""
    for line in difflib.unified_diff(_lines(old), _lines(new), name, f"{name} (formatted)"):
        text = line.removesuffix("\n")
        code = next((code for start, code in _COLORS.items() if color and text.startswith(start)), None)
        yield f"\x1b[{code}m{safe(text)}\x1b[0m" if code else safe(text) if color else text
        if not line.endswith("\n"):
            yield "\\ No newline at end of file"


def _lines(text: str) -> list[str]:
    """The lines with their ends, which are line feeds only."""
    lines = [f"{line}\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
