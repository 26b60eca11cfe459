"""Live PyTorch modules. The only part of the compiler that imports torch."""

from archdsl.runtime.module import build, module_class

__all__ = ["build", "module_class"]
