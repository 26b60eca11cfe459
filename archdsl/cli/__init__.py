"""The command line. `main` is the entry point; each command is a file in `commands`."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 fine, 1 diagnostics, 2 usage or I/O, 3 a crash of ours.

    Without arguments of its own it is the whole program and takes those of the process.
    """
    # Pydantic would look for plugins in every installed distribution, and we have no use for any.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # A run is short and makes hardly any cycles. Collecting garbage would take a tenth of it, and another
    # tenth at the end, when the interpreter looks at everything once more unless it is frozen.
    collecting = gc.isenabled()
    gc.disable()
    # What the limits allow to nest fits on the stack; how deep that may be is our own count, not Python's.
    sys.setrecursionlimit(max(sys.getrecursionlimit(), 10_000))
    try:
        from archdsl.cli.running import run

        return run(argv)
    finally:
        if argv is None:
            gc.freeze()
        elif collecting:
            gc.enable()
