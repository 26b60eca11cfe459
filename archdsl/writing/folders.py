"""Folders that are made whole or not at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from archdsl.writing.drafts import new_draft


def folder(path: Path, fill: Callable[[Path], object]) -> None:
    """Have a folder filled, and put it in its place, where there is nothing or an empty folder.

    After an error nothing is there that wasn't before, the folders above it included. Raises OSError.
    """
    above = [each for each in path.parents if not each.exists()]
    draft = new_draft(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.mkdir()
        fill(draft)
        draft.replace(path)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        for each in above:
            if each.is_dir() and not any(each.iterdir()):
                each.rmdir()
        raise


def discard(path: Path) -> None:
    """Take a folder of ours away with all that is in it, as far as that can be done."""
    shutil.rmtree(path, ignore_errors=True)
