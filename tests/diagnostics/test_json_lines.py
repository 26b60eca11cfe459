"""Diagnostics as JSON lines for machines."""

from __future__ import annotations

import json

from archdsl.diagnostics import Edit, Label, Source
from archdsl.diagnostics.json_lines import to_json

from .samples import find, kind, sample


def test_json_round_trip() -> None:
    source = Source("net.arch", "arch net\nmaxpol x\n\u202e积\n")
    found = kind("unknown-layer", "warning")(
        find(source, "maxpol"),
        "unknown `maxpol`\x1b\u2028",
        "not defined",
        labels=[Label(source.span(5, 10), "over a line end")],
        notes=["积"],
        helps=["h1", "h2"],
        fixes=[Edit(find(source, "maxpol"), "maxpool", safe=True), Edit(source.span(19, 19), "\n")],
    )
    found.fixes = found.remedies[0].edits
    line = to_json(found)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == {
        "version": 1,
        "code": "unknown-layer",
        "severity": "warning",
        "message": "unknown `maxpol`\x1b\u2028",
        "file": "net.arch",
        "line": 2,
        "column": 1,
        "end_line": 2,
        "end_column": 7,
        "label": "not defined",
        "labels": [
            {"file": "net.arch", "line": 1, "column": 6, "end_line": 2, "end_column": 2, "text": "over a line end"}
        ],
        "notes": ["积"],
        "helps": ["h1", "h2"],
        "fixes": [
            {
                "file": "net.arch",
                "line": 2,
                "column": 1,
                "end_line": 2,
                "end_column": 7,
                "replacement": "maxpool",
                "safe": True,
            },
            {
                "file": "net.arch",
                "line": 3,
                "column": 2,
                "end_line": 3,
                "end_column": 2,
                "replacement": "\n",
                "safe": False,
            },
        ],
    }


def test_json_without_a_place() -> None:
    assert json.loads(to_json(sample(None, "m"))) == {
        "version": 1,
        "code": "sample",
        "severity": "error",
        "message": "m",
        "file": None,
        "line": None,
        "column": None,
        "end_line": None,
        "end_column": None,
        "label": "",
        "labels": [],
        "notes": [],
        "helps": [],
        "fixes": [],
    }
