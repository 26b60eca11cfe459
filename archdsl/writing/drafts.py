"""Files that are written whole or not at all: made beside their place, and put there in one step."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from pathlib import Path


def new_draft(target: Path) -> Path:
    """A name for what will be put in the place of `target`: in the same folder, as only there that is one step."""
    return target.with_name(f".archdsl-{secrets.token_hex(8)}{target.suffix}")


def put(target: Path, shown: Path, make: Callable[[Path], object], ready: Callable[[Path], object]) -> None:
    """Have a file made, whatever writes such files, then made ready, and put it in its place.

    Who reads the place sees what was there or what is new, never a part; that holds where the process is killed and
    where the disk is full. The mode of a file that is there is kept. Raises OSError, of the path that is `shown`.
    """
    draft = new_draft(target)
    try:
        # Libraries say of a folder that isn't there what they like.
        draft.touch(exist_ok=False)
        make(draft)
        ready(draft)
        settle(draft)
        if target.exists():
            draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
        # The name in the folder must outlive a power cut as well.
        settle(target.parent)
    except OSError as error:
        if error.errno is None:
            raise
        raise OSError(error.errno, error.strerror, str(shown)) from None
    finally:
        draft.unlink(missing_ok=True)


def settle(path: Path) -> None:
    """Have the disk hold what a file or folder is by now; a system that can't open folders does without."""
    if path.is_dir() and not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
