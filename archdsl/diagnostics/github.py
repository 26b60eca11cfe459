"""Diagnostics as annotations of GitHub Actions: one workflow command a line.

https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions. Whatever begins a line with `::`
is a command to the runner, so that no text of a spec may end its line, or its field, before we do.
"""

from __future__ import annotations

from archdsl.diagnostics.columns import safe
from archdsl.diagnostics.diagnostic import Diagnostic

_IN_TEXT = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_IN_FIELD = _IN_TEXT | {":": "%3A", ",": "%2C"}


def to_github(diagnostic: Diagnostic) -> str:
    """One diagnostic as one line; the place is left out where it has none."""
    fields = {"title": diagnostic.code}
    if diagnostic.at is not None:
        source = diagnostic.at.source
        (line, column), (end_line, end_column) = map(source.position, (diagnostic.at.start, diagnostic.at.end))
        fields |= {"file": source.name, "line": str(line), "endLine": str(end_line)}
        if line == end_line:
            # Columns are of one line only.
            fields |= {"col": str(column), "endColumn": str(end_column)}
    shown = ",".join(f"{name}={_escaped(safe(value), _IN_FIELD)}" for name, value in fields.items())
    remarks = [f"note: {note}" for note in diagnostic.notes] + [f"help: {help}" for help in diagnostic.helps]
    first = f"{diagnostic.message}: {diagnostic.label}" if diagnostic.label else diagnostic.message
    text = "\n".join(safe(part) for part in (first, *remarks))
    return f"::{diagnostic.severity} {shown}::{_escaped(text, _IN_TEXT)}"


def _escaped(text: str, table: dict[str, str]) -> str:
    return "".join(table.get(character, character) for character in text)
