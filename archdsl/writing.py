"""Files that are written whole or not at all. Everything that archdsl writes goes through here."""

from __future__ import annotations

import os
import secrets
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
    target = Path(os.path.realpath(path))
    # In the same folder, as only there a file is put in the place of another in one step.
    draft = target.with_name(f".archdsl-{secrets.token_hex(8)}")
    try:
        with draft.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if target.exists():
            draft.chmod(target.stat().st_mode & 0o7777)
        draft.replace(target)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        draft.unlink(missing_ok=True)
