"""How a character of a spec looks on a terminal: what is shown for it and how many columns that takes."""

from __future__ import annotations

import unicodedata

TAB = "    "


def shown(character: str) -> str:
    """The character itself, spaces for a tab, or an escape such as ``\\x1b`` for what must not be printed raw.

    Control, bidi and other format characters, line separators, lone surrogates and every space but
    the plain one are not printable; raw, they could move the cursor or hide what a spec really says.
    """
    if character == "\t":
        return TAB
    if character.isprintable():
        return character
    number = ord(character)
    if number <= 0xFF:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def columns(character: str) -> int:
    """The number of columns that `shown` takes: two for a wide character, none for a combining one."""
    if character == "\t" or not character.isprintable():
        return len(shown(character))
    if unicodedata.category(character) in {"Mn", "Me"} or "\u1160" <= character <= "\u11ff":
        return 0  # marks, and the vowels and finals of decomposed Korean, join what stands before them
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def safe(text: str) -> str:
    """The text as one line that a terminal can be trusted with."""
    return "".join(map(shown, text))
