"""The command line. `main` is the entry point; each command is a file in `commands`."""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 fine, 1 diagnostics, 2 usage or I/O, 3 a crash of ours."""
    # A run is short and makes hardly any cycles; collecting garbage would take a tenth of it.
    gc.disable()
    # Pydantic would look for plugins in every installed distribution, and we have no use for any.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from archdsl.cli.running import run

    return run(argv)
