"""Specs made at random from the grammar, with an eye on shapes, so that most of them mean something.

What is written is text. Sizes are followed as formulas over the names in force, so that a branch can end with the
channels it has to; a formula says nothing of how the compiler works one out.
"""

from .specs import SpecWriter

__all__ = ["SpecWriter"]
