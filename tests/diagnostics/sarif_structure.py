"""The part of SARIF 2.1.0 that is written here, as a JSON schema: stricter than the standard, which allows more."""

from __future__ import annotations

from typing import Any


def _object(required: str, optional: str = "", **properties: Any) -> dict[str, Any]:
    assert set(required.split()) | set(optional.split()) == set(properties)
    return {
        "type": "object",
        "required": required.split(),
        "properties": properties,
        "additionalProperties": False,
    }


def _list(items: dict[str, Any], least: int = 0) -> dict[str, Any]:
    return {"type": "array", "items": items, "minItems": least}


_TEXT = {"type": "string"}
_LEVEL = {"enum": ["none", "note", "warning", "error"]}
_COUNTED = {"type": "integer", "minimum": 1}
_MESSAGE = _object("text", text={"type": "string", "minLength": 1})
_REGION = _object(
    "startLine startColumn endLine endColumn",
    startLine=_COUNTED,
    startColumn=_COUNTED,
    endLine=_COUNTED,
    endColumn=_COUNTED,
)
_ARTIFACT = _object("uri", uri={"type": "string", "format": "uri-reference", "pattern": "^[!-~]+$"})
_PHYSICAL = _object("artifactLocation region", artifactLocation=_ARTIFACT, region=_REGION)
_REPLACEMENT = _object(
    "deletedRegion insertedContent", deletedRegion=_REGION, insertedContent=_object("text", text=_TEXT)
)
_CHANGE = _object("artifactLocation replacements", artifactLocation=_ARTIFACT, replacements=_list(_REPLACEMENT, 1))
_FIX = _object(
    "description artifactChanges properties",
    description=_MESSAGE,
    artifactChanges=_list(_CHANGE, 1),
    properties=_object("safe", safe={"type": "boolean"}),
)
_RELATED = _object(
    "id physicalLocation message", id={"type": "integer", "minimum": 0}, physicalLocation=_PHYSICAL, message=_MESSAGE
)
_RESULT = _object(
    "ruleId ruleIndex level message",
    "locations relatedLocations fixes",
    ruleId=_TEXT,
    ruleIndex={"type": "integer", "minimum": 0},
    level=_LEVEL,
    message=_MESSAGE,
    locations=_list(_object("physicalLocation", physicalLocation=_PHYSICAL), 1),
    relatedLocations=_list(_RELATED, 1),
    fixes=_list(_FIX, 1),
)
_RULE = _object(
    "id shortDescription help defaultConfiguration",
    id=_TEXT,
    shortDescription=_MESSAGE,
    help=_MESSAGE,
    defaultConfiguration=_object("level", level=_LEVEL),
)
_DRIVER = _object("name version rules", name={"const": "archdsl"}, version=_TEXT, rules=_list(_RULE, 1))
_RUN = _object(
    "tool columnKind results",
    tool=_object("driver", driver=_DRIVER),
    columnKind={"const": "unicodeCodePoints"},
    results=_list(_RESULT),
)
LOG = _object(
    "$schema version runs",
    **{
        "$schema": {"type": "string", "format": "uri"},
        "version": {"const": "2.1.0"},
        "runs": {**_list(_RUN, 1), "maxItems": 1},
    },
)
