"""From bytes to the text of a spec: encoding, line ends, and what no text has."""

from __future__ import annotations

import re
from pathlib import Path

from archdsl.diagnostics import ArchError, Diagnostic, Source
from archdsl.limits import USUAL, Limits
from archdsl.reading import read_file


class UnreadableText(Diagnostic):
    """A file that is no text: bytes that aren't UTF-8, a NUL, or carriage returns in place of line ends."""

    code = "unreadable-text"
    bad = "arch net\ninput 3x8x8\nconv3-8\x00\n"
    mended = "arch net\ninput 3x8x8\nconv3-8\n"


class FileTooLarge(Diagnostic):
    """A file larger than any spec has need to be; it is not read."""

    code = "file-too-large"


class NoRegularFile(Diagnostic):
    """A pipe, a socket or a device in the place of a spec: to read one may wait for ever, or do something."""

    code = "no-regular-file"


def read_source(path: Path, name: str | None = None, limits: Limits = USUAL) -> Source:
    """The text of a file, under its path or another name.

    Raises ArchError for what is no text or too large, and OSError where the file can't be read.
    """
    return source_of(read_data(path, limits), str(path) if name is None else name, limits)


def read_data(path: Path, limits: Limits = USUAL) -> bytes:
    """The bytes of a file, or of a larger one as many as show that it is too large. Raises OSError."""
    return read_file(path, limits.bytes)


def source_of(data: bytes, name: str, limits: Limits = USUAL) -> Source:
    """The text that bytes are. Raises ArchError for what is no text or too large."""
    if len(data) > limits.bytes:
        raise ArchError(_too_large(name, limits))
    try:
        return text_source(data.decode(), name, limits)
    except UnicodeDecodeError as error:
        ahead = _normalized(data[: error.start].decode())
        source = Source(name, ahead + _normalized(data[error.start :].decode(errors="replace")))
        at = source.span(len(ahead), len(ahead) + 1)
        raise ArchError(
            UnreadableText(at, f"`{name}` is not UTF-8", f"the byte {data[error.start]:#04x} is no character here")
        ) from None


def text_source(text: str, name: str, limits: Limits = USUAL) -> Source:
    """A text with line ends made plain and a byte order mark dropped.

    Raises ArchError for what is no text or too large.
    """
    if len(text) > limits.bytes:
        raise ArchError(_too_large(name, limits))
    source = Source(name, _normalized(text))
    found = re.search("[\x00\r\ud800-\udfff]", source.text)
    if found is None:
        return source
    at = source.span(*found.span())
    if found[0] == "\r":
        raise ArchError(
            UnreadableText(
                at,
                "a carriage return stands alone",
                "no line feed follows",
                helps=["end lines with a line feed, or with both as Windows does"],
            )
        )
    what = "a NUL character" if found[0] == "\x00" else "half of a surrogate pair"
    raise ArchError(UnreadableText(at, f"{what} is no text", "here", helps=["delete it"]))


def line_end(data: bytes) -> bytes:
    """What ends the lines of a text: that which ends most of them."""
    windows = data.count(b"\r\n")
    return b"\r\n" if 2 * windows > data.count(b"\n") else b"\n"


def _too_large(name: str, limits: Limits) -> FileTooLarge:
    return FileTooLarge(None, f"`{name}` is larger than {limits.bytes} bytes", helps=[limits.help("bytes")])


def _normalized(text: str) -> str:
    return text.removeprefix("\ufeff").replace("\r\n", "\n")
