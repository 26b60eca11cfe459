"""Diagnostics for machines: one JSON object a line.

`version` rises when a field changes its meaning or goes away; a new field alone doesn't raise it.
Lines and columns count from 1, columns in code points; an end is the place just after the last character.
"""

from __future__ import annotations

from archdsl.diagnostics.diagnostic import Diagnostic
from archdsl.diagnostics.source import Span

VERSION = 1


def to_json(diagnostic: Diagnostic) -> str:
    """One diagnostic as a JSON object in pure ASCII on one line; its place is null where it has none."""
    import json

    return json.dumps(
        {
            "version": VERSION,
            "code": diagnostic.code,
            "severity": diagnostic.severity,
            "message": diagnostic.message,
            **_place(diagnostic.at),
            "label": diagnostic.label,
            "labels": [{**_place(label.span), "text": label.text} for label in diagnostic.labels],
            "notes": diagnostic.notes,
            "helps": diagnostic.helps,
            "fixes": [
                {**_place(fix.span), "replacement": fix.replacement, "safe": fix.safe} for fix in diagnostic.fixes
            ],
        }
    )


def _place(span: Span | None) -> dict[str, str | int | None]:
    if span is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column"))
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(span.end)
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }
