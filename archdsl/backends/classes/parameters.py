"""The numbers that a class is called with: which are its parameters, what they are called, and what they default to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

from archdsl.backends.classes.calls import SIZE, whole_values
from archdsl.backends.classes.handed import collapsed
from archdsl.backends.classes.names import Namespace
from archdsl.elaborate.witnesses import Row
from archdsl.ir.nodes import Node
from archdsl.record import record
from archdsl.symbolic import symbol
from archdsl.syntax import tree

FIRST = ("in_channels", "channels")
"""What a constructor takes first, as PyTorch's do."""


@record
class Argument:
    """A parameter of a class and where its values stand in a call's row."""

    name: str
    sources: tuple[str, ...]
    kind: Literal["int", "float"]
    default: Any = None
    """What it is where a call says nothing; None for one that every call gives."""
    axes: int = 0
    """Of how many numbers it is a tuple where they differ; 0 for one that is a number in all calls."""
    by_name: bool = False
    """Whether a call names it even where it is not the default."""

    def value(self, row: Row) -> Any:
        """What a call gives for it."""
        return collapsed(tuple(row[source] for source in self.sources))


class Parameters:
    """The possible parameters of a class for some calls. `fixed` are the numbers that its text has in it,
    `names` hands out what they are called."""

    def __init__(
        self, node: Node, rows: list[Row], fixed: frozenset[str], names: Namespace, words: Mapping[str, str]
    ) -> None:
        """`words` are what a language calls the numbers of a layer that is handed over, where it has another word."""
        self.node = node
        self.rows = rows
        self.fixed = fixed
        self.wholes = whole_values(rows[0])
        self.identifiers: dict[str, str] = {}
        for name in rows[0]:
            whole = name.partition("[")[0]
            if name.startswith(SIZE):
                self.identifiers[name] = name
            elif whole not in self.identifiers:
                self.identifiers[whole] = names.claim(parameter_name(whole, words))
            if name != whole:
                self.identifiers[name] = names.claim(f"{self.identifiers[whole]}_{name.partition('[')[2][:-1]}")

    @property
    def printed(self) -> dict[tuple[str, ...], str]:
        """The parameter that stands for the numbers of several axes, by the names of their symbols."""
        return {
            tuple(self.identifiers[axis] for axis in axes): self.identifiers[whole]
            for whole, axes in self.wholes.items()
        }

    def alike(self, whole: str) -> bool:
        """Whether all axes of a value agree in every call, so that it is one number."""
        return all(len({row[axis] for axis in self.wholes[whole]}) == 1 for row in self.rows)

    def known(self, row: Row) -> Row:
        """The numbers of a call under the names that the class has for them."""
        found = {self.identifiers[name]: value for name, value in row.items()}
        return found | {
            self.identifiers[whole]: row[axes[0]] for whole, axes in self.wholes.items() if self.alike(whole)
        }

    def number(self, name: str, value: Any) -> Any:
        """What stands for a number of the calls in the text of the class."""
        if name in self.fixed:
            return self.rows[0][name]
        whole = name.partition("[")[0]
        if whole != name and whole.endswith(".padding") and self.is_half(whole):
            kernel = self.number(f"{whole.removesuffix('padding')}kernel[0]", None)
            return (kernel - 1) // 2
        if whole != name and self.alike(whole):
            name = whole
        if name.startswith(SIZE):
            return symbol(self.identifiers[name], "size")
        return symbol(self.identifiers[name], self.kind(name))

    def is_half(self, padding: str) -> bool:
        """Whether a padding is half of its kernel in every call, and both are one number."""
        kernel = f"{padding.removesuffix('padding')}kernel"
        return (
            self.alike(kernel)
            and self.alike(padding)
            and all(row[f"{padding}[0]"] == (row[f"{kernel}[0]"] - 1) // 2 for row in self.rows)
        )

    def kind(self, name: str) -> Literal["int", "float"]:
        """`int` or `float`."""
        return "float" if any(isinstance(row.get(name), float) for row in self.rows) else "int"

    def asked(self, symbols: set[str]) -> list[str]:
        """The numbers behind symbols that a text can't leave open, of those that still are."""
        found: set[str] = set()
        for name in self.rows[0]:
            whole = name.partition("[")[0]
            if self.identifiers[name] in symbols or self.identifiers[whole] in symbols:
                found |= set(self.wholes.get(whole, (name,)))
        return sorted(found - self.fixed)

    def arguments(self, used: set[str]) -> tuple[Argument, ...]:
        """The parameters that a text uses: those by position, those by name, and last those with defaults."""
        defaults = block_defaults(self.node)
        found: dict[str, Argument] = {}
        for name in self.rows[0]:
            whole = name.partition("[")[0]
            identifier = self.identifiers[whole]
            if identifier not in used or identifier in found:
                continue
            if whole == name:
                found[identifier] = Argument(identifier, (name,), self.kind(name), defaults.get(name))
            else:
                found[identifier] = self.whole_argument(whole, identifier)

        def place(argument: Argument) -> tuple[bool, bool, bool]:
            late = argument.sources[0].rpartition(".")[2] not in FIRST
            return argument.default is not None, argument.by_name, late

        return tuple(sorted(found.values(), key=place))

    def whole_argument(self, whole: str, identifier: str) -> Argument:
        axes = self.wholes[whole]
        width = 0 if self.alike(whole) else len(axes)
        argument = Argument(identifier, axes, "int", None, width, by_name=True)
        if whole.endswith(".kernel"):
            return argument
        values = Counter(argument.value(row) for row in self.rows)
        (common, _), *_ = values.most_common(1)
        return replace(argument, default=common)


def parameter_name(name: str, words: Mapping[str, str]) -> str:
    """What a number of a call is called in the class: `layer.stride` is `stride` where that is free."""
    parts = name.lstrip("@").split(".")
    if parts[-1].isdigit() and len(parts) > 1:
        return f"{parts[-2]}_{parts[-1]}"
    return words.get(parts[-1], parts[-1]) if len(parts) > 1 else parts[0]


def handed_constants(rows: list[Row], unsettled: frozenset[str] = frozenset()) -> frozenset[str]:
    """Numbers inside layers that were handed over which are the same in all calls: part of the text, no parameter."""
    same = {name for name in rows[0] if "." in name and name not in unsettled and len({row[name] for row in rows}) == 1}
    # Of a value that is taken whole, all axes or none.
    for axes in whole_values(rows[0]).values():
        if not same.issuperset(axes):
            same.difference_update(axes)
    return frozenset(same)


def block_defaults(node: Node) -> dict[str, int | float]:
    """Defaults of a block's parameters that are plain numbers."""
    text = node.provenance.text
    if not isinstance(text, tree.Block):
        return {}
    found: dict[str, int | float] = {}
    for each in text.parameters:
        value = each.default.value if isinstance(each.default, tree.Literal) else None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            found[each.name.text] = value
    return found


def below_zero(row: Mapping[str, Any]) -> frozenset[str]:
    """The numbers that stand in a text as they are, since formulas of unknown ones take those to be sizes."""
    return frozenset(name for name, value in row.items() if isinstance(value, (int, float)) and value < 0)
