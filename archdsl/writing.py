"""Files that are written whole or not at all. Everything that archdsl writes goes through here."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def write(path: Path, content: str | bytes) -> None:
    """Put a text (as UTF-8) or bytes into a file; who reads it sees what was there or what is new, never a part.

    That holds where the process is killed and where the disk is full. Links are followed, and the mode of a file
    that is there is kept. Raises OSError.
    """
    data = content.encode() if isinstance(content, str) else content
    if path.exists() and not path.is_file():
        # A pipe or a terminal is written to, not replaced.
        path.write_bytes(data)
        return
    replace(path, lambda draft: _fill(draft, data))


def replace(path: Path, make: Callable[[Path], object]) -> None:
    """Have a file made beside its place, by whatever writes such files, and put there in one step. Raises OSError."""
    target = Path(os.path.realpath(path))
    # In the same folder, as only there a file is put in the place of another in one step.
    draft = target.with_name(f".archdsl-{secrets.token_hex(8)}{target.suffix}")
    try:
        # Libraries say of a folder that isn't there what they like.
        draft.touch(exist_ok=False)
        make(draft)
        _settle(draft)
        if target.exists():
            draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
        # The name in the folder must outlive a power cut as well.
        _settle(target.parent)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        draft.unlink(missing_ok=True)


def _fill(draft: Path, data: bytes) -> None:
    with draft.open("wb") as file:
        file.write(data)


def _settle(path: Path) -> None:
    """Have the disk hold what a file or folder is by now; a system that can't open folders does without."""
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
