"""Which names a piece of a spec depends on."""

from __future__ import annotations

from archdsl.once import once
from archdsl.syntax import tree


@once
def free_names(node: tree.Node) -> frozenset[str]:
    """Every name that occurs in a piece of text: in expressions, labels and as the name of a head.

    Names bound inside count too: a memo key that knows too much is never wrong. A reference to a
    label counts as `@label`, one with holes as `@`.
    """
    names: set[str] = set()
    for child in node.children:
        names |= free_names(child)
    if isinstance(node, tree.Name):
        names.add(node.text)
    elif isinstance(node, tree.Function):
        names.add(node.name.text)
    elif isinstance(node, (tree.Head, tree.Merge)):
        names |= {node.name.text, node.name.text.rstrip("0123456789")}
    elif isinstance(node, tree.Reference):
        plain = node.target.plain
        names.add("@" if plain is None else "@" + plain.split(".")[0])
    elif isinstance(node, tree.Table) and node.column:
        names.add(node.column.text)
    return frozenset(names)


@once
def values_need(node: tree.Node, name: str) -> bool:
    """Whether the value of a name is needed to build this, beyond the labels it appears in."""
    if isinstance(node, tree.Statement):
        parts = (node.body, node.repeat) if node.repeat else (node.body,)
        return any(values_need(part, name) for part in parts)
    if isinstance(node, tree.LabelledTable):
        return values_need(node.body, name)
    if isinstance(node, tree.Name) and node.text == name:
        return True
    if isinstance(node, (tree.Head, tree.Merge)) and node.name.text == name:
        return True
    return any(values_need(child, name) for child in node.children)
