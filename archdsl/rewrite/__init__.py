"""One form of a network for another: a spec in, a spec out, and how each weight travels."""

from archdsl.rewrite.rewriting import Rewritten, refused_text, rewrite
from archdsl.rewrite.rule import Rewrite, rewrites, rule

__all__ = ["Rewrite", "Rewritten", "refused_text", "rewrite", "rewrites", "rule"]
