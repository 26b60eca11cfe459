"""Live modules: the generated source, run as it stands. What you read is what runs."""

from __future__ import annotations

import hashlib
import linecache
import sys
import types
from typing import TYPE_CHECKING, Any

from archdsl.diagnostics.missing import require

if TYPE_CHECKING:
    from torch import nn

PREFIX = "archdsl_generated_"


def require_torch() -> None:
    """Raise ImportError, with the way out, where there is no torch."""
    require("a live module", "torch")


def module_class(source: str) -> type[nn.Module]:
    """The network's class out of its source.

    The source becomes a Python module of its own, found by its hash: instances can be pickled and scripted,
    tracebacks show its lines, and equal source is one class. Raises ImportError without torch.
    """
    require_torch()
    name = PREFIX + hashlib.sha256(source.encode()).hexdigest()[:16]
    if name not in sys.modules:
        file = f"<{name}>"
        made = types.ModuleType(name)
        made.__file__ = file
        # An entry without a time of change is never thrown away.
        linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
        sys.modules[name] = made
        try:
            exec(compile(source, file, "exec", dont_inherit=True), made.__dict__)
        except BaseException:
            del sys.modules[name]
            raise
    made = sys.modules[name]
    (exported,) = made.__all__
    found: type[nn.Module] = getattr(made, exported)
    return found


def build(source: str, **parameters: Any) -> nn.Module:
    """An instance of the network; `parameters` are those of its constructor."""
    return module_class(source)(**parameters)
