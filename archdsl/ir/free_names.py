"""Which names a piece of a spec depends on."""

from __future__ import annotations

from archdsl.merges.base import joins
from archdsl.once import once
from archdsl.syntax import tree


@once
def free_names(node: tree.Node) -> frozenset[str]:
    """Every name that a piece of text takes from around it: in expressions, labels and as the name of a head.

    What a `let` names counts too, as it does ahead of it: a memo key that knows too much is never wrong. A reference
    to a label counts as `@label`, one with holes as `@`.
    """
    names: set[str] = set()
    for child in node.children:
        names |= free_names(child)
    if bound := _bound(node):
        names -= bound
        names |= free_names(_outside(node))
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


def _outside(node: tree.Node) -> tree.Node:
    """What stands in a piece of text that binds names and is read without them."""
    if isinstance(node, tree.Statement):
        assert node.repeat is not None
        return node.repeat.count
    assert isinstance(node, (tree.For, tree.Comprehension))
    return node.iterable


def _bound(node: tree.Node) -> set[str]:
    """The names that a piece of text counts its turns by, or gives the items of a list."""
    if isinstance(node, tree.Statement):
        return {node.repeat.index.text} if node.repeat is not None and node.repeat.index is not None else set()
    if isinstance(node, tree.For):
        return {word.text for word in (*node.names, node.index) if word is not None}
    return {word.text for word in node.names} if isinstance(node, tree.Comprehension) else set()


@once
def inner_labels_need(node: tree.Node, name: str, inside: bool = False) -> bool:
    """Whether a label in a container of its own depends on a name; `inside` says that this is in one already.

    Labels of members that a repeat splices into the container around it are formulas of its index. Those
    further inside belong to a module that is built by itself, and to which no index is known.
    """
    if isinstance(node, (tree.Statement, tree.LabelledTable)):
        if inside and node.label is not None and name in free_names(node.label):
            return True
        return inner_labels_need(node.body, name, inside or node.label is not None)
    if isinstance(node, tree.Group):
        return any(inner_labels_need(item, name, inside or _is_container(item)) for item in node.items)
    if isinstance(node, tree.Merge) and node.name.text not in joins():
        # Layers for a block.
        inside = True
    return any(inner_labels_need(child, name, inside) for child in node.children)


def _is_container(item: tree.Node) -> bool:
    """Whether an item of a group is a group that makes a module by itself."""
    return isinstance(item, tree.Statement) and item.repeat is None and isinstance(item.body, tree.Group)


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
