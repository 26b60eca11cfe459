"""Members in the making, and what heads say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from archdsl.layers.base import keywords
from archdsl.syntax import tree

from .expressions import evaluate
from .members import Join, Member, Node
from .running import join
from .tensors import Flow
from .values import Labels, Place, Refused, Slot


@dataclass(eq=False)
class Chain:
    """Members in the making, with what leaves the last of them."""

    x: Flow
    labels: Labels
    members: list[Member] = field(default_factory=list)
    branch: bool = False

    def add(self, node: Node, x: Flow, label: str | None = None) -> None:
        self.members.append(Member(node, label))
        self.x = x


def joined(node: Join, made: list[Flow], x: Flow) -> Flow:
    try:
        return join(node, made, x)
    except (RuntimeError, ValueError) as error:
        raise Refused("branch-mismatch", str(error)) from None


def mark(chain: Chain, label: str, inner: Mapping[str, Slot]) -> None:
    slot = Slot(chain.x, dict(inner))
    chain.members[-1].slots.append(slot)
    chain.labels.add(label, slot)


def with_default(place: Place, item: tree.Default, written: Place) -> Place:
    keyword = item.keyword.text
    more = (*place.defaults.get(keyword, ()), (item, written))
    return Place(place.names, place.blocks, place.afters, {**place.defaults, keyword: more})


def is_bare(argument: tree.Argument) -> bool:
    return argument.name is None and isinstance(argument.value, tree.Name) and argument.value.text == "bare"


def arguments(head: tree.Head, place: Place, x: Flow) -> list[tuple[str | None, Any]]:
    return arguments_of(head.arguments, place, x)


def arguments_of(given: tuple[tree.Argument, ...], place: Place, x: Flow) -> list[tuple[str | None, Any]]:
    return [
        (each.name.text if each.name else None, evaluate(each.value, place, x)) for each in given if not is_bare(each)
    ]


def placed(keyword: str, given: list[tuple[str | None, Any]]) -> dict[str, Any]:
    """Arguments by the fields that they fill."""
    order = list(keywords()[keyword].positional)
    found: dict[str, Any] = {}
    for name, value in given:
        if name is not None:
            found[name] = value
        elif order and order[0].startswith("*"):
            found[order[0][1:]] = (*found.get(order[0][1:], ()), value)
        elif order:
            found[order.pop(0)] = value
        else:
            raise Refused("unknown-argument", keyword)
    return found


def sized(digits: str) -> Any:
    numbers = tuple(map(int, digits.split("x")))
    return numbers[0] if len(numbers) == 1 else numbers
