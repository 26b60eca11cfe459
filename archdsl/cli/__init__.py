"""The command line. `main` is the entry point; each command is a file in `commands`."""

from __future__ import annotations

import gc
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 fine, 1 diagnostics, 2 usage or I/O, 3 a crash of ours."""
    # A run is short and makes hardly any cycles; collecting garbage would take a tenth of it.
    gc.disable()
    from archdsl.cli.running import run

    return run(argv)
