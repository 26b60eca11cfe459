"""What is not installed."""

from __future__ import annotations


class MissingExtra(ImportError):
    """Something needs a library that is an extra; its text says which, and how to install it."""
