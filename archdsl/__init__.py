"""A small language for neural-network architectures, and its compiler.

`load("resnet50").shapes()` is a table, `.source()` the text of an `nn.Module`, `.module()` a live one. What is
named here is imported when it is first asked for, so that `import archdsl` costs nothing and needs no torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

__all__ = ["ArchError", "Layer", "Limits", "Network", "__version__", "load", "loads"]

if TYPE_CHECKING:
    from archdsl.diagnostics import ArchError
    from archdsl.layers.base import Layer
    from archdsl.limits import Limits
    from archdsl.network import Network, load, loads

_HOMES = {
    "ArchError": "archdsl.diagnostics",
    "Layer": "archdsl.layers.base",
    "Limits": "archdsl.limits",
    "Network": "archdsl.network",
    "load": "archdsl.network",
    "loads": "archdsl.network",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
