"""What commands write: any file, and generated source, which never replaces what a person wrote."""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path

from archdsl.writing import write

__all__ = ["write", "write_source"]

_MARK = b"# Written by archdsl: "


def write_source(path: Path, source: str, force: bool) -> None:
    """Write generated source, with a last line that tells whether it was changed since.

    Raises OSError, and so for a file that is there and isn't such a text as it was written, unless `force` is said.
    """
    if not force and path.is_file() and not _is_ours(path.read_bytes()):
        raise FileExistsError(
            errno.EEXIST, "is not as archdsl wrote it, and --force is needed to replace it", str(path)
        )
    data = source.encode()
    write(path, data + _MARK + _digest(data) + b"\n")


def _is_ours(data: bytes) -> bool:
    """Whether a file is empty, or a generated text that nobody changed but for its line ends, as Git may."""
    text, mark, digest = data.replace(b"\r\n", b"\n").rpartition(_MARK)
    return not data or (bool(mark) and digest.strip() == _digest(text))


def _digest(text: bytes) -> bytes:
    return hashlib.sha256(text).hexdigest()[:16].encode()
