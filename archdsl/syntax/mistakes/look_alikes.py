"""What a character looks like in ASCII: letters, digits and marks that pass for others in most typefaces.

What Unicode itself holds for equal to ASCII (full-width, mathematical and accented letters, the digits of all scripts)
is not listed here. The others are a choice from Unicode's list of confusable characters (UTS 39), of the scripts and
marks that people have on their keyboards or that word processors put in.
"""

from __future__ import annotations

import unicodedata

_CYRILLIC = dict(zip("аеорсухіјѕԁһԛԝѵӏгпкАВЕКМНОРСТУХІЈЅԌ", "aeopcyxijsdhqwvlrnkABEKMHOPCTYXIJSG", strict=True))
_GREEK = dict(zip("αβγικνορτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aByiKvoptuxwABEZHIKMNOPTYX", strict=True)) | {"β": "b", "κ": "k"}
_LATIN = {"ı": "i", "ȷ": "j", "ɑ": "a", "ɡ": "g", "ƒ": "f", "ł": "l", "ø": "o", "đ": "d", "ß": "b", "Ø": "O"}
_MARKS = {
    "−": "-", "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "―": "-", "⁃": "-", "➖": "-",
    "✕": "x", "✖": "x", "⨯": "x", "⨉": "x", "╳": "x", "❌": "x",
    "∗": "*", "⋅": "*", "·": "*", "÷": "/", "∕": "/", "⁄": "/", "⧸": "/",
    "∣": "|", "│": "|", "┃": "|", "ǀ": "|", "¦": "|", "❘": "|",
    "≤": "<=", "≥": ">=", "≠": "!=", "⩵": "==", "‹": "<", "›": ">", "〈": "<", "〉": ">", "⟨": "<", "⟩": ">",
    "【": "[", "】": "]", "「": "[", "」": "]", "⟦": "[", "⟧": "]",
    "，": ",", "、": ",", "‚": ",", "；": ";", "：": ":", "∶": ":", "։": ":", "׃": ":", "＝": "=", "∼": "~",
    "“": '"', "”": '"', "„": '"', "‟": '"', "«": '"', "»": '"', "″": '"', "'": '"', "‘": '"', "’": '"', "`": '"',
}  # fmt: skip
LOOK_ALIKES = _CYRILLIC | _GREEK | _LATIN | _MARKS


def looks_like(character: str) -> str | None:
    """The ASCII that a character passes for; None if it passes for none."""
    if character in LOOK_ALIKES:
        return LOOK_ALIKES[character]
    if unicodedata.category(character) == "Zs":
        return " "
    digit = unicodedata.decimal(character, None)
    if digit is not None:
        return str(digit)
    plain = "".join(
        LOOK_ALIKES.get(part, part)
        for part in unicodedata.normalize("NFKD", character)
        if unicodedata.category(part) != "Mn"
    )
    return plain if plain.isascii() and plain.isprintable() and plain.strip() else None


def is_hidden(character: str) -> bool:
    """Whether a character can't be seen: a control, a mark of direction, a joiner, half of a pair, a tag."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp", "Co", "Cn") and character not in "\t\n\r"


def name(character: str) -> str:
    """`U+0441 CYRILLIC SMALL LETTER ES`."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
