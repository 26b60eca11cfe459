"""What the text of a branch says before anything is built of it: a shortcut's word, labels."""

from __future__ import annotations

from archdsl.ir.nodes import Shortcut
from archdsl.merges.base import joins
from archdsl.once import once
from archdsl.syntax import tree


def shortcut_word(path: tree.Group) -> tuple[Shortcut | None, tree.Template | None]:
    """`project` or `optional`, with the label ahead of it, or None for a shortcut that is written out."""
    if len(path.items) == 1 and isinstance(path.items[0], tree.Statement):
        statement = path.items[0]
        if (
            isinstance(statement.body, tree.Head)
            and statement.repeat is None
            and statement.body.name.text in ("project", "optional")
        ):
            return statement.body.name.text, statement.label  # type: ignore[return-value]
    return None, None


def path_says_labels(path: tree.Group) -> bool:
    """Whether a branch gives labels to members of the container around its merge; a group in it is no container."""
    return any(map(says_labels, path.items))


@once
def says_labels(node: tree.Node) -> bool:
    """Whether a piece of text gives labels to members of the container around it."""
    if isinstance(node, tree.LabelledTable):
        return node.label is not None
    if isinstance(node, tree.Statement):
        return node.label is not None or says_labels(node.body)
    if isinstance(node, tree.Group):
        # In brackets a further group is a container, which keeps its labels.
        return any(
            (isinstance(item, tree.Statement) and item.label is not None)
            or (not _is_container(item) and says_labels(item))
            for item in node.items
        )
    if isinstance(node, tree.Merge):
        return node.name.text in joins() and any(map(path_says_labels, node.paths))
    if isinstance(node, tree.For):
        return says_labels(node.body)
    if isinstance(node, tree.If):
        return says_labels(node.then) or (node.otherwise is not None and says_labels(node.otherwise))
    return False


def _is_container(item: tree.Node) -> bool:
    return isinstance(item, tree.Statement) and item.repeat is None and isinstance(item.body, tree.Group)
