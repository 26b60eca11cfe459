"""Heads written from fields whose values may be expressions."""

from __future__ import annotations

import re
from typing import Any

from archdsl.layers.base import Layer
from archdsl.layers.translation.calls import Code

_MARKS = ("", "-", "/")


def first(kind: type[Layer]) -> tuple[str, ...]:
    """The fields that arguments without a name fill."""
    return tuple(name.lstrip("*") for name in kind.positional)


def written(kind: type[Layer], fields: dict[str, Any]) -> str | None:
    """A head with these fields; None where one that it needs is missing, or can't be written."""
    if any(isinstance(each, Code) and not _can_stand(each) for each in fields.values()):
        return None
    text = kind.keyword
    for field, mark in zip((kind.digits, kind.dash, kind.slash), _MARKS, strict=True):
        if field is None:
            continue
        if field not in fields:
            if kind.model_fields[field].is_required():
                return None
            continue
        value = one(fields.pop(field))
        if mark == "/" and value == kind.model_fields[field].default:
            continue
        text += mark + in_head(value)
    inside: list[str] = []
    for name in first(kind):
        if name not in fields:
            if kind.model_fields[name].is_required():
                return None
            break
        inside.append(argument(one(fields.pop(name))))
    for field in kind.model_fields:
        if field in fields:
            value = fields.pop(field)
            if one(value) != kind.model_fields[field].default and value is not None and not _is_usual(field, value):
                inside.append(f"{field}={argument(one(value))}")
    if fields:
        return None
    return f"{text}({', '.join(inside)})" if inside else text


def _is_usual(field: str, value: Any) -> bool:
    # A bias is there unless a batch norm follows, which subtracts it.
    return field == "bias" and value is True


def _can_stand(code: str) -> bool:
    """Whether an expression means here what it means in Python: names and arithmetic."""
    return re.fullmatch(r"[A-Za-z0-9_+*/%() -]+", code) is not None


def one(value: Any) -> Any:
    """One number where all axes agree."""
    if isinstance(value, tuple) and value and all(each == value[0] for each in value):
        return value[0]
    return value


def in_head(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, tuple) and all(isinstance(each, int) for each in value):
        return "x".join(str(each) for each in value)
    return f"{{{argument(value)}}}"


def argument(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Code():
            return str(value)
        case str():
            return f'"{value}"'
        case tuple():
            return f"({', '.join(argument(each) for each in value)})"
    return str(value)


def short(kind: type[Layer], fields: dict[str, Any]) -> str:
    """A head without its arguments, for a remark."""
    text = kind.keyword
    for field, mark in zip((kind.digits, kind.dash, kind.slash), _MARKS, strict=True):
        if field in fields and one(fields[field]) != kind.model_fields[field].default:
            text += mark + in_head(one(fields[field]))
    return text
