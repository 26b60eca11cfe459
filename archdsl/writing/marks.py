"""What archdsl wrote is known by a mark in the file: a digest of all the rest, put where the format lets one be.

Most formats can end with it: a comment of text, the comment of a zip archive, a field of protobuf, a chunk of PNG ahead
of the last one. safetensors end with numbers, and have it in their metadata. A file that was changed since has another
digest, and is its owner's again.
"""

from __future__ import annotations

import hashlib
import re
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, Literal

Form = Literal["python", "spec", "svg", "dot", "pdf", "png", "onnx", "pt2", "safetensors"]

_WORDS = b"Written by archdsl: "
_LENGTH = 16
_NONE = b"0" * _LENGTH

DIGEST = "archdsl.digest"
"""The key of the mark in the metadata of safetensors, where whoever writes them puts `NO_DIGEST`."""
NO_DIGEST = _NONE.decode()

_MOST_HEADER, _MOST_TEXT = 2**24, 2**26
_CHUNK = 2**20

_ZIP_END, _ZIP_END_LENGTH = b"PK\x05\x06", 22
_PNG_END = b"\x00\x00\x00\x00IEND\xaeB`\x82"


def without_mark(spec: str) -> str:
    """The text of a spec without marks of ours, which are true of a whole file only."""
    return re.sub(rf"^# {_WORDS.decode()}[0-9a-f]{{{_LENGTH}}}$\n?", "", spec, flags=re.MULTILINE)


def put_mark(path: Path, form: Form) -> None:
    """Put the mark into a file that is whole otherwise; one that isn't of its form is left as it is. Raises OSError."""
    with path.open("r+b") as file:
        if form == "safetensors":
            place = _in_header(file)
            if place is not None:
                digest = _digest(file, place, _LENGTH)
                file.seek(place)
                file.write(digest)
            return
        end = file.seek(0, 2)
        if form == "png":
            end -= len(_PNG_END)
            if _at(file, end) != _PNG_END:
                return
            file.truncate(end)
        elif form == "pt2":
            if not _at(file, end - _ZIP_END_LENGTH).startswith(_ZIP_END):
                return
            # The last thing that the archive's end says is how long its comment is.
            file.seek(end - 2)
            file.write(struct.pack("<H", len(_WORDS) + _LENGTH))
        digest = _digest(file, end)
        file.seek(end)
        file.write(_TAILS[form](digest))


def is_marked(path: Path, form: Form) -> bool:
    """Whether a file is as we wrote it: nothing in it was changed since, and it is of that form. Raises OSError."""
    with path.open("rb") as file:
        if form == "safetensors":
            place = _in_header(file)
            return place is not None and _at(file, place, _LENGTH) == _digest(file, place, _LENGTH)
        end = file.seek(0, 2) - len(_TAILS[form](_NONE))
        # What hasn't the words needn't be read.
        found = _at(file, end) if end >= 0 else b""
        if _WORDS in found and found == _TAILS[form](_digest(file, end)):
            return True
    return form in _TEXTS and _with_other_ends(path, form)


def _with_other_ends(path: Path, form: Form) -> bool:
    """Whether a text is as we wrote it but for its line ends, as Git may change them."""
    if path.stat().st_size > _MOST_TEXT:
        return False
    data = path.read_bytes().replace(b"\r\n", b"\n")
    end = len(data) - len(_TAILS[form](_NONE))
    digest = hashlib.sha256(data[: max(end, 0)]).hexdigest()[:_LENGTH].encode()
    return end >= 0 and data[end:] == _TAILS[form](digest)


def _comment(begin: bytes, end: bytes = b"\n") -> Callable[[bytes], bytes]:
    return lambda digest: begin + _WORDS + digest + end


def _png(digest: bytes) -> bytes:
    """A chunk of text, as the PNG specification has it in 11.3.3.2, and the chunk that ends a file."""
    content = b"tEXtSoftware\x00" + _WORDS + digest
    return struct.pack(">I", len(content) - 4) + content + struct.pack(">I", zlib.crc32(content)) + _PNG_END


def _onnx(digest: bytes) -> bytes:
    """One more of a model's `metadata_props`, field 14 of onnx.proto; a message may be continued behind its end."""
    entry = _field(1, _WORDS.rstrip(b": ")) + _field(2, _WORDS + digest)
    return _field(14, entry)


def _field(number: int, content: bytes) -> bytes:
    # Both fit in the seven bits of one byte.
    return bytes((number << 3 | 2, len(content))) + content


_TAILS: dict[Form, Callable[[bytes], bytes]] = {
    "python": _comment(b"# "),
    "spec": _comment(b"# "),
    "dot": _comment(b"// "),
    "svg": _comment(b"<!-- ", b" -->\n"),
    "pdf": _comment(b"% "),
    "pt2": _comment(b"", b""),
    "png": _png,
    "onnx": _onnx,
}
"""The end of a file of each form, by the digest of all that stands before."""


_TEXTS = ("python", "spec", "dot", "svg")


def _at(file: BinaryIO, place: int, length: int = -1) -> bytes:
    if place < 0:
        return b""
    file.seek(place)
    return file.read(length)


def _digest(file: BinaryIO, end: int, gap: int | None = None) -> bytes:
    """The digest of what stands before `end`, and of the rest behind a gap where one is given."""
    found = hashlib.sha256()
    file.seek(0)
    left = end
    while left and (read := file.read(min(left, _CHUNK))):
        found.update(read)
        left -= len(read)
    file.seek(end + (gap or 0))
    while gap is not None and (read := file.read(_CHUNK)):
        found.update(read)
    return found.hexdigest()[:_LENGTH].encode()


def _in_header(file: BinaryIO) -> int | None:
    """Where the digest stands in a safetensors file; None where it has none."""
    (length,) = struct.unpack("<Q", _at(file, 0, 8).ljust(8, b"\xff"))
    if length > _MOST_HEADER:
        return None
    # A quotation mark within a text is written with a backslash, so that no text can look like this.
    found = re.search(rb'[{,]"archdsl\.digest":"([0-9a-f]{16})"', _at(file, 8, length))
    return None if found is None else 8 + found.start(1)
