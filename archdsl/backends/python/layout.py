"""Python source in lines of at most 88 columns, broken where formatters break it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from archdsl.record import record

WIDTH = 88
STEP = "    "


@record
class Bracket:
    """`open item, item close`. Without commas the items are clauses of one expression, such as a comprehension."""

    open: str
    items: tuple[Doc, ...]
    close: str
    commas: bool = True


@record
class Joined:
    """Text ahead of a bracket: `name=Bracket`, `"key": Bracket`."""

    ahead: str
    inner: Doc


Doc: TypeAlias = "str | Bracket | Joined"


def call(name: str, items: Sequence[Doc]) -> Doc:
    """`name(item, item)`."""
    return Bracket(f"{name}(", tuple(items), ")") if items else f"{name}()"


def flat(doc: Doc) -> str:
    """A document on one line."""
    if isinstance(doc, str):
        return doc
    if isinstance(doc, Joined):
        return doc.ahead + flat(doc.inner)
    separator = ", " if doc.commas else " "
    return doc.open + separator.join(flat(item) for item in doc.items) + doc.close


def lines(ahead: str, doc: Doc, behind: str = "", indent: int = 0) -> list[str]:
    """`ahead doc behind`, indented, in as few lines as fit."""
    margin = STEP * indent
    while isinstance(doc, Joined):
        ahead, doc = ahead + doc.ahead, doc.inner
    whole = margin + ahead + flat(doc) + behind
    if len(whole) <= WIDTH or isinstance(doc, str):
        return [whole]
    first, last = margin + ahead + doc.open, margin + doc.close + behind
    separator = ", " if doc.commas else " "
    body = margin + STEP + separator.join(flat(item) for item in doc.items)
    if len(body) <= WIDTH and not (doc.commas and _is_literal(doc, ahead)):
        return [first, body, last]
    broken = [first]
    for item in doc.items:
        broken += lines("", item, "," if doc.commas else "", indent + 1)
    return [*broken, last]


def _is_literal(doc: Bracket, ahead: str) -> bool:
    """Whether a bracket is a list, dictionary or tuple, of which formatters put one item on a line."""
    return doc.open[-1] in "[{" or (doc.open == "(" and not ahead[-1:].isidentifier())


def statement(text: str, indent: int) -> list[str]:
    """A statement on one line, in as many as its calls need to fit."""
    if len(STEP * indent + text) <= WIDTH:
        return [STEP * indent + text]
    inner = text.lstrip(" ")
    depth = indent + (len(text) - len(inner)) // len(STEP)
    target, equals, value = inner.partition(" = ")
    return lines(f"{target}{equals}", parsed(value), "", depth) if equals else lines("", parsed(inner), "", depth)


def parsed(text: str) -> Doc:
    """An expression as a document, where it is one call, list or tuple; nothing in it is quoted."""
    opening = next((place for place, character in enumerate(text) if character in "(["), None)
    if opening is None or '"' in text or "'" in text:
        return text
    items: list[str] = [""]
    depth = 0
    for place, character in enumerate(text[opening:], opening):
        depth += (character in "([") - (character in ")]")
        if depth == 0:
            if place != len(text) - 1 or not items[-1].strip():
                return text
            break
        if character == "," and depth == 1:
            items.append("")
        elif place > opening:
            items[-1] += character
    return Bracket(text[: opening + 1], tuple(parsed(item.strip()) for item in items), text[-1])
