"""Files are opened to read through here: regular ones alone, so that nothing waits for a pipe or reads a device.

What a person hands over by a descriptor, as `<(…)` and `/dev/stdin` do, is read like a file.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO

_HANDED = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


class NotAFile(OSError):
    """A pipe, a socket or a device stands where a file should."""

    def __init__(self, path: str | Path) -> None:
        super().__init__(errno.EINVAL, "is no regular file", str(path))


def is_handed(path: str | Path) -> bool:
    """Whether a path is that of an open descriptor."""
    return str(path).startswith(_HANDED)


def require_file(path: str | Path) -> None:
    """Raise NotAFile for what is no regular file, IsADirectoryError for a folder, and OSError where nothing is."""
    status = Path(path).stat()
    if stat.S_ISDIR(status.st_mode):
        raise IsADirectoryError(errno.EISDIR, "is a folder", str(path))
    if not stat.S_ISREG(status.st_mode) and not is_handed(path):
        raise NotAFile(path)


def open_file(path: str | Path) -> BinaryIO:
    """A regular file, opened to read. Raises as `require_file` does."""
    require_file(path)
    if is_handed(path):
        return Path(path).open("rb")
    # It may have become a pipe by now, for which this doesn't wait.
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0))
    file = os.fdopen(handle, "rb")
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        file.close()
        raise NotAFile(path)
    return file


def read_file(path: str | Path, most: int) -> bytes:
    """The bytes of a file, or of a larger one as many as show that it is: one more than `most`. Raises OSError."""
    with open_file(path) as file:
        return file.read(most + 1)


def read_text(path: str | Path, most: int) -> str:
    """The text of a file in UTF-8. Raises OSError, also for a file that is larger or no such text."""
    data = read_file(path, most)
    if len(data) > most:
        raise OSError(errno.EFBIG, f"is larger than {most:,} bytes", str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise OSError(errno.EINVAL, "is no text in UTF-8", str(path)) from None
