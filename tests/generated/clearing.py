"""What archdsl remembers of networks that are gone is thrown away, or a long run would fill the memory."""

from __future__ import annotations

import gc
import sys


def clear() -> None:
    """Empty the caches of archdsl that have grown."""
    for name, module in list(sys.modules.items()):
        if not name.startswith(("archdsl", "tests.generated")):
            continue
        for value in list(vars(module).values()):
            info = getattr(value, "cache_info", None)
            if info is not None and hasattr(value, "cache_clear") and info().currsize > 200:
                value.cache_clear()
    gc.collect()
