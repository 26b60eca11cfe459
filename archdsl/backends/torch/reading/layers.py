"""What the layers of a network say of PyTorch's modules: which are alike, however their arguments are written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from archdsl.backends.torch.reading.values import Leaf, Term, Terms


@dataclass(eq=False)
class Layers:
    """What the layers of a network say of PyTorch's modules."""

    stateful: set[str] = field(default_factory=set)
    """Modules with weights or buffers, of which each is told apart by its name."""
    elementwise: set[str] = field(default_factory=set)
    inplace: set[str] = field(default_factory=set)
    """Modules that may write into what they are given."""
    defaults: dict[str, dict[str, Any]] = field(default_factory=dict)
    functional: dict[Leaf, Callable[[Term], Term]] = field(default_factory=dict)
    """The functions that stateless modules are equal to."""

    def plain(self, leaf: Leaf) -> Leaf:
        """A module with its arguments in one form: without those that PyTorch takes anyway, sizes of one number."""
        defaults = self.defaults.get(leaf.kind, {})
        whole = one_number if any(word in leaf.kind for word in ("Conv", "Pool", "Pad")) else settled
        args = tuple(map(whole, leaf.args))
        kwargs = sorted((name, whole(value)) for name, value in leaf.kwargs)
        return Leaf(
            leaf.kind,
            args,
            tuple((name, value) for name, value in kwargs if name not in defaults or not same(defaults[name], value)),
        )

    def term(self, path: str, leaf: Leaf, terms: Terms, *inputs: Term) -> Term:
        """A module's step."""
        plain = self.plain(leaf)
        function = self.functional.get(plain)
        if function is not None:
            return function(*inputs)
        return terms((plain.kind, path if plain.kind in self.stateful else None, plain.args, plain.kwargs), *inputs)


def same(default: Any, value: Any) -> bool:
    return one_number(default) == one_number(value) and isinstance(default, bool) == isinstance(value, bool)


def settled(value: Any) -> Any:
    """A value as a key."""
    return tuple(map(settled, value)) if isinstance(value, (list, tuple)) else value


def one_number(value: Any) -> Any:
    """A size for each axis as one number where all are equal, as PyTorch takes it."""
    value = settled(value)
    return value[0] if isinstance(value, tuple) and value and all(each == value[0] for each in value) else value
