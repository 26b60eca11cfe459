"""One form of a network for another: a spec in, a spec out, and how each weight travels."""

from archdsl.rewrite.rewriting import Rewritten, rewrite
from archdsl.rewrite.rule import Rewrite, rewrites, rule

__all__ = ["Rewrite", "Rewritten", "rewrite", "rewrites", "rule"]
