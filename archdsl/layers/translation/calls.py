"""Calls as Python writes them, read without running anything."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_OPENING = {"(": ")", "[": "]", "{": "}"}
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?")
_WORDS = {"True": True, "true": True, "False": False, "false": False, "None": None, "none": None}


class Code(str):
    """A value that is no number or word but something to be worked out, as it was written."""

    __slots__ = ()


def closing(text: str, start: int) -> int:
    """The place of the bracket that closes the one at a place; -1 where there is none, or a string isn't closed."""
    open_: list[str] = []
    quote = ""
    for place in range(start, len(text)):
        character = text[place]
        if quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in _OPENING:
            open_.append(_OPENING[character])
        elif character in ")]}":
            if not open_ or open_.pop() != character:
                return -1
            if not open_:
                return place
    return -1


def split(text: str) -> Iterator[str]:
    """What stands between commas, those inside of brackets and strings left alone."""
    start = place = 0
    while place < len(text):
        character = text[place]
        if character in _OPENING:
            place = max(place, closing(text, place))
        elif character in "'\"":
            place = max(place, text.find(character, place + 1))
        elif character == ",":
            yield text[start:place].strip()
            start = place + 1
        place += 1
    if text[start:].strip():
        yield text[start:].strip()


def arguments(text: str) -> Iterator[tuple[str | None, Any]]:
    """The arguments between round brackets: the name of each, if it has one, and its value."""
    for each in split(text):
        named = re.match(r"([A-Za-z_]\w*)\s*=(?!=)\s*", each)
        yield (named[1], value(each[named.end() :])) if named else (None, value(each))


def value(text: str) -> Any:
    """A number, a string, a truth value, several of them, or `Code`."""
    text = text.strip()
    if text in _WORDS:
        return _WORDS[text]
    if _NUMBER.fullmatch(text) and len(text) < 40:
        return float(text) if re.search(r"[.eE]", text) else int(text)
    if len(text) > 1 and text[0] in "'\"" and text.find(text[0], 1) == len(text) - 1:
        return text[1:-1]
    if text[:1] in ("(", "[") and closing(text, 0) == len(text) - 1:
        inner = tuple(value(each) for each in split(text[1:-1]))
        return inner[0] if text[0] == "(" and len(inner) == 1 and not text[1:-1].rstrip().endswith(",") else inner
    return Code(text)
