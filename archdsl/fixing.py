"""Mending what can be mended without asking: the fixes that are marked safe, made until none is left."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from archdsl.checking import check_text
from archdsl.diagnostics import ArchError, Diagnostic, Edit
from archdsl.opening.reading import source_of
from archdsl.record import record

_ROUNDS = 10
"""How often a mended text is looked at again; a fix may uncover another mistake."""


@record
class Mended:
    """A file's bytes with its safe fixes made, and what they were made for."""

    data: bytes
    diagnostics: tuple[Diagnostic, ...]


def mend(data: bytes, name: str, folder: Path | None) -> Mended:
    """Make the safe fixes of a spec that lies in a folder; byte order mark and line ends stay as they are.

    Nothing is changed in the files that it brings blocks from. Fixes that leave as many mistakes of their kinds as
    there were are not made.
    """
    made: list[Diagnostic] = []
    found = _mistakes(data, name, folder)
    for _ in range(_ROUNDS):
        chosen = _choose(found, name)
        if not chosen:
            break
        mended = _edited(data, [edit for each in chosen for edit in each.fixes])
        left = _mistakes(mended, name, folder)
        if _count(left, chosen) >= _count(found, chosen):
            break
        data, found = mended, left
        made += chosen
    return Mended(data, tuple(made))


def _mistakes(data: bytes, name: str, folder: Path | None) -> tuple[Diagnostic, ...]:
    try:
        source = source_of(data, name)
    except ArchError as error:
        return error.diagnostics
    return check_text(source, folder).diagnostics


def _count(found: Iterable[Diagnostic], like: Iterable[Diagnostic]) -> int:
    codes = {each.code for each in like}
    return sum(each.code in codes for each in found)


def _choose(found: Iterable[Diagnostic], name: str) -> list[Diagnostic]:
    """The diagnostics whose fixes are all safe and in this file, those that overlap with an earlier one left out."""
    chosen: list[Diagnostic] = []
    taken: list[tuple[int, int]] = []
    for each in found:
        stretches = [(edit.span.start, edit.span.end) for edit in each.fixes]
        if not each.fixes or not all(edit.safe and edit.span.source.name == name for edit in each.fixes):
            continue
        if any(start <= other_end and other <= end for start, end in stretches for other, other_end in taken):
            continue
        taken += stretches
        chosen.append(each)
    return chosen


def _edited(data: bytes, edits: Iterable[Edit]) -> bytes:
    """The bytes with edits made, which speak of the text without its byte order mark and carriage returns."""
    text = data.decode()
    ends = "\r\n" if "\r\n" in text else "\n"
    # A line end of two characters is one, which begins with the first.
    first = text.startswith("\ufeff")
    places = [place for place in range(first, len(text)) if text[place - 1 : place + 1] != "\r\n"] + [len(text)]
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        start, end = places[edit.span.start], places[edit.span.end]
        text = text[:start] + edit.replacement.replace("\n", ends) + text[end:]
    return text.encode()
