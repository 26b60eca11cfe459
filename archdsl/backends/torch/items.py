"""Modules in a container: each with its name and constructor call, and the containers that are written of them."""

from __future__ import annotations

from keyword import iskeyword

from archdsl.backends.classes.names import identifier
from archdsl.backends.python.layout import Bracket, Doc, Joined, call
from archdsl.backends.python.literals import name_literal
from archdsl.ir.named import Named
from archdsl.ir.nodes import Name, Node
from archdsl.record import record
from archdsl.shape import Dim
from archdsl.symbolic import Expr


@record
class Item:
    """A module inside a container: its name there and its constructor call."""

    name: Name
    doc: Doc
    starred: bool = False
    """Several modules or none: a comprehension or a choice, which names them itself."""
    node: Node | None = None
    """The member that it is, where it is one."""
    turns: tuple[Item, ...] = ()
    """The same modules one by one, where they are several and of a known number."""


def turned(each: Named, turn: Expr, value: Dim) -> Named:
    """A member with the turn of a repeat put into its name, and into those inside it."""
    return each.at(**{str(turn): value})


def sequential(kind: str, items: list[Item], keyed: bool = False) -> Doc:
    """`nn.Sequential(…)` with positions as names, or an `OrderedDict` where labels are among them."""
    if not keyed:
        return call(kind, [item.doc for item in items])
    names = [_plain(item.name) for item in items]
    if all(name == identifier(name) and not iskeyword(name) for name in names) and not any(
        item.starred for item in items
    ):
        return call(
            kind, [call("OrderedDict", [Joined(f"{n}=", item.doc) for n, item in zip(names, items, strict=True)])]
        )
    return call(kind, [call("OrderedDict", [mapping(items)])])


def mapping(items: list[Item]) -> Doc:
    """Modules by name, as a dictionary."""
    if len(items) == 1 and items[0].starred:
        inner = items[0].doc
        if isinstance(inner, Bracket) and inner.open == "**{":
            return Bracket("{", inner.items, "}", commas=False)
    pairs = tuple(item.doc if item.starred else Joined(f"{name_literal(item.name)}: ", item.doc) for item in items)
    return Bracket("{", pairs, "}") if pairs else "{}"


def listed(items: list[Item]) -> Doc:
    """Modules as a list."""
    return Bracket("[", tuple(item.doc for item in items), "]") if items else "[]"


def _plain(name: Name) -> str:
    return "".join(map(str, name)) if all(isinstance(piece, str) for piece in name) else ""
