"""Diagnostics as SARIF 2.1.0, which code scanners and editors read: one document for all.

OASIS, Static Analysis Results Interchange Format (SARIF) Version 2.1.0; sections are named where they decide.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Mapping
from typing import Any

from archdsl.diagnostics.columns import safe
from archdsl.diagnostics.diagnostic import Diagnostic, Edit
from archdsl.diagnostics.source import Span

VERSION = "2.1.0"
SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def to_sarif(diagnostics: Iterable[Diagnostic], kinds: Mapping[str, type[Diagnostic]], version: str) -> str:
    """A whole log in pure ASCII, with a rule for each of `kinds`; `version` is that of archdsl."""
    import json

    places = {code: place for place, code in enumerate(kinds)}
    run = {
        "tool": {
            "driver": {"name": "archdsl", "version": version, "rules": [_rule(kind) for kind in kinds.values()]},
        },
        # Section 3.14.17: columns count code points, as all of ours do.
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, places) for each in diagnostics],
    }
    return json.dumps({"$schema": SCHEMA, "version": VERSION, "runs": [run]}, indent=2)


def _rule(kind: type[Diagnostic]) -> dict[str, Any]:
    summary, _, more = inspect.cleandoc(kind.__doc__ or "").partition("\n\n")
    rule = {
        "id": kind.code,
        "shortDescription": _message(" ".join(summary.split())),
        "defaultConfiguration": {"level": kind.severity},
    }
    parts = [" ".join(summary.split()), *([" ".join(more.split())] if more else [])]
    if kind.bad:
        specs = (("A spec that has it:", kind.bad), ("Mended:", kind.mended))
        parts += [
            f"{title}\n\n" + "\n".join(f"    {safe(line)}" for line in spec.splitlines()) for title, spec in specs
        ]
    return {**rule, "help": _message("\n\n".join(parts))}


def _result(diagnostic: Diagnostic, places: Mapping[str, int]) -> dict[str, Any]:
    first = f"{diagnostic.message}: {diagnostic.label}" if diagnostic.label else diagnostic.message
    remarks = [f"note: {note}" for note in diagnostic.notes] + [f"help: {help}" for help in diagnostic.helps]
    result: dict[str, Any] = {
        "ruleId": diagnostic.code,
        "ruleIndex": places.get(diagnostic.code, -1),
        "level": diagnostic.severity,
        "message": _message("\n".join(safe(part) for part in (first, *remarks))),
    }
    if diagnostic.at is not None:
        result["locations"] = [{"physicalLocation": _location(diagnostic.at)}]
    if diagnostic.labels:
        result["relatedLocations"] = [
            {"id": number, "physicalLocation": _location(label.span), "message": _message(safe(label.text))}
            for number, label in enumerate(diagnostic.labels)
        ]
    if diagnostic.fixes:
        result["fixes"] = [_fix(diagnostic)]
    return result


def _fix(diagnostic: Diagnostic) -> dict[str, Any]:
    """All edits together are one fix (section 3.55). SARIF has no word for how safe it is but in its properties."""
    files: dict[str, list[Edit]] = {}
    for edit in diagnostic.fixes:
        files.setdefault(edit.span.source.name, []).append(edit)
    changes = [
        {
            "artifactLocation": {"uri": _uri(name)},
            "replacements": [
                {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.replacement}}
                for edit in sorted(edits, key=lambda edit: edit.span.start)
            ],
        }
        for name, edits in files.items()
    ]
    help = diagnostic.helps[0] if diagnostic.helps else diagnostic.message
    return {
        "description": _message(safe(help)),
        "artifactChanges": changes,
        "properties": {"safe": all(edit.safe for edit in diagnostic.fixes)},
    }


def _message(text: str) -> dict[str, str]:
    """A text without links or placeholders (sections 3.11.5 and 3.11.6), which text of a spec might forge."""
    without_links = re.sub(r"\](?=\()", "] ", text)
    return {"text": re.sub(r"\{([0-9]+)\}", r"{{\1}}", without_links)}


def _location(span: Span) -> dict[str, Any]:
    return {"artifactLocation": {"uri": _uri(span.source.name)}, "region": _region(span)}


def _region(span: Span) -> dict[str, int]:
    (line, column), (end_line, end_column) = map(span.source.position, (span.start, span.end))
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}


def _uri(name: str) -> str:
    """A path as a URI reference, relative where the path is."""
    from pathlib import Path
    from urllib.parse import quote

    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())
