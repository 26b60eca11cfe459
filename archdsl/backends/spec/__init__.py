"""A network as a spec: the text that builds it, whoever made the network."""

from archdsl.backends.spec.network import heading, spec
from archdsl.backends.spec.written_out import WrittenOut

__all__ = ["WrittenOut", "heading", "spec"]
