"""The tree of a spec: what was written, where, and nothing of what it means.

Every node has the span it was read from, and is not changed once it is made. A grammar rule becomes the class
that lists the rule's name in `rules`; its fields are the rule's children in order, unless the class
says otherwise in `build`. Comments are kept beside the items, by position.
"""

from __future__ import annotations

from archdsl.syntax.tree.base import Expression, Node, Template, Word
from archdsl.syntax.tree.expressions import (
    And,
    Argument,
    Binary,
    Compare,
    Comprehension,
    Function,
    IfElse,
    Index,
    Items,
    Literal,
    Name,
    Negative,
    Not,
    Or,
    Positional,
    Slice,
)
from archdsl.syntax.tree.items import (
    Arch,
    Aux,
    Block,
    BlockLayers,
    Comment,
    Expect,
    File,
    Import,
    Init,
    Input,
    Parameter,
    Parameters,
    Sizes,
    Variants,
)
from archdsl.syntax.tree.statements import (
    After,
    Call,
    Default,
    Empty,
    For,
    Group,
    Head,
    Header,
    HeaderCell,
    If,
    LabelledTable,
    Let,
    Merge,
    Reference,
    Repeat,
    Row,
    Statement,
    Table,
)


def classes() -> dict[str, type[Node]]:
    """The class of every grammar rule."""
    found: dict[str, type[Node]] = {}
    pending = [Node]
    while pending:
        kind = pending.pop()
        pending += kind.__subclasses__()
        found |= dict.fromkeys(vars(kind).get("rules", ()), kind)
    return found


__all__ = [
    "After",
    "And",
    "Arch",
    "Argument",
    "Aux",
    "Binary",
    "Block",
    "BlockLayers",
    "Call",
    "Comment",
    "Compare",
    "Comprehension",
    "Default",
    "Empty",
    "Expect",
    "Expression",
    "File",
    "For",
    "Function",
    "Group",
    "Head",
    "Header",
    "HeaderCell",
    "If",
    "Import",
    "IfElse",
    "Index",
    "Init",
    "Input",
    "Items",
    "LabelledTable",
    "Let",
    "Literal",
    "Merge",
    "Name",
    "Negative",
    "Node",
    "Not",
    "Or",
    "Parameter",
    "Parameters",
    "Positional",
    "Reference",
    "Repeat",
    "Row",
    "Sizes",
    "Slice",
    "Statement",
    "Table",
    "Template",
    "Variants",
    "Word",
    "classes",
]
