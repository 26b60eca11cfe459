"""One node for equal text under equal names on an equal input: what of a scope a text depends on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from archdsl.ir.free_names import free_names
from archdsl.ir.provenance import Origin
from archdsl.ir.values import Identities, Scope, Value
from archdsl.syntax import tree


class Memo:
    """What was made so far, of which text under which names."""

    def __init__(self, names: dict[tree.Node, tuple[str, ...]]) -> None:
        self.made: dict[Any, Any] = {}
        self.identities = Identities()
        self.names = names
        """The free names of each text of a spec that was asked for, whoever builds it."""

    def free(self, node: tree.Node, blocks: Mapping[str, tree.Block]) -> tuple[str, ...]:
        """The free names of a text and of those of its file's `blocks` that it calls, in the order of the alphabet."""
        if node not in self.names:
            names = set(free_names(node))
            pending = [name for name in names if name in blocks]
            seen: set[str] = set()
            while pending:
                name = pending.pop()
                if name in seen:
                    continue
                seen.add(name)
                block = blocks[name]
                if block.span.source is not node.span.source:
                    # An imported block sees nothing of this file.
                    continue
                own = {each.name.text for each in block.parameters} | {each.text for each in block.layers}
                more = free_names(block.body) - own
                pending += [each for each in more if each in blocks]
                # The labels that a block refers to are its own.
                names |= {each for each in more if each[0] != "@"}
            self.names[node] = tuple(sorted(names))
        return self.names[node]

    def needed(self, text: tree.Node, scope: Scope) -> tuple[str, ...]:
        """The names in force that a text may depend on, also by what is said of its layers ahead of it."""
        free = self.free(text, scope.blocks)
        rules = scope.rules
        if not rules:
            return free
        more = {name for said in rules for name in self.free(said.statement, scope.blocks)}
        return tuple(sorted(more.union(free)))

    def bound(self, text: tree.Node, scope: Scope) -> tuple[tuple[str, Value], ...]:
        """What a text depends on: the values of its free names, and those that statements ahead of it mean."""
        own = [(name, scope.names[name]) for name in self.needed(text, scope) if name in scope.names]
        meant = [
            (f"{name} ahead {place}", (value,)) for place, said in enumerate(scope.rules) for name, value in said.names
        ]
        return (*own, *meant)

    def key(self, text: tree.Node, scope: Scope, more: Iterable[str] = ()) -> Any:
        """What must be known of a scope for a text, and for the further names."""
        return scope.key((*more, *self.needed(text, scope)), self.identities)

    def origin(self, text: tree.Node, scope: Scope, inside: bool = True) -> Origin:
        return Origin(text, scope, self.bound(text, scope), inside)

    def remember(self, key: Any, make: Callable[[], Any]) -> Any:
        """What was made under a key, or is made now."""
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]
