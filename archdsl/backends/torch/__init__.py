"""PyTorch source of a network, as a person would have committed it."""

from archdsl.backends.torch.source import source

__all__ = ["source"]
