"""Which names a piece of Python binds, and which it takes from around it."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def assigned(node: ast.AST) -> Iterator[str]:
    """The names that a statement gives a value, but for those of comprehensions, which keep them to themselves."""
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.comprehension):
            yield from assigned(child.iter)
        else:
            yield from assigned(child)


def bound(generators: list[ast.comprehension]) -> set[str]:
    """The names that a comprehension binds."""
    return {name for each in generators for name in assigned(each.target)}


def free(node: ast.AST) -> set[str]:
    """The names in an expression that it doesn't bind itself: an index within may have the name of one around."""
    if isinstance(node, ast.Name):
        return {node.id}
    found = {name for child in ast.iter_child_nodes(node) for name in free(child)}
    if isinstance(node, (ast.ListComp, ast.DictComp)):
        return (found - bound(node.generators)) | free(node.generators[0].iter)
    return found
