"""Values: classes of fields that are equal if their fields are, and not changed once they are made."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, TypeVar, dataclass_transform

Kind = TypeVar("Kind", bound=type)
Piece = TypeVar("Piece")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def record(kind: Kind) -> Kind:
    """A frozen dataclass that is cheap to declare, with equality, a hash and a text that speak of its fields.

    A frozen dataclass writes and compiles six methods for each class. For the forty that a command meets at its
    start, that takes longer than reading a spec. Here all but the constructor are shared, and type checkers alone hold
    everybody to leave the fields as they are.
    """
    own = vars(kind).copy()
    dataclass(repr=False, eq=False)(kind)
    names = [each.name for each in fields(kind) if each.compare]
    values: Any = attrgetter(*names) if names else lambda value: ()

    def equal(self: object, other: object) -> bool:
        return bool(values(self) == values(other)) if type(self) is type(other) else NotImplemented

    def hashed(self: object) -> int:
        return hash(values(self))

    for name, method in {"__eq__": equal, "__hash__": hashed, "__repr__": _text}.items():
        if own.get(name) is None:
            setattr(kind, name, method)
    return kind


def changed(value: Piece, /, **values: Any) -> Piece:
    """A record with other values in some fields: what `dataclasses.replace` does, in a third of the time.

    For those that are changed at every step of a walk. Nothing is checked, and nothing that was worked out is kept.
    """
    made = object.__new__(type(value))
    vars(made).update(vars(value))
    vars(made).update(values)
    return made


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False, field_specifiers=(field,))
def by_identity(kind: type[Piece]) -> type[Piece]:
    """A record that is equal to itself alone, of fields that are named where it is made.

    Equality of fields would walk all that a piece of a network holds, and expand what is shared in it.
    """
    made = dataclass(repr=False, eq=False, kw_only=True, slots=True, weakref_slot=True)(kind)
    setattr(made, "__repr__", _text)  # noqa: B010 — to mypy a method may not be assigned
    return made


def _text(self: Any) -> str:
    shown = ", ".join(f"{each.name}={getattr(self, each.name)!r}" for each in fields(self) if each.repr)
    return f"{type(self).__qualname__}({shown})"
