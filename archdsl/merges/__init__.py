"""Merges: what becomes of branches where they meet. Each is a class, and nothing else knows about it."""
