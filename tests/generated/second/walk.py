"""From the text of a spec to its network: read as a person reads it, all unrolled, each name where it was written.

It shares the parser with the compiler, and the fields that layers declare; nothing that elaborates, names or writes.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import torch

from archdsl.syntax import tree

from .chains import Chain, with_default
from .expressions import SIZES, evaluate, unpack, uses
from .members import Box, give_names, layers, settle_biases
from .running import Run
from .statements import Statements
from .tensors import Flow
from .values import BlockValue, Labels, Place, Refused


class Second(Statements):
    """A second opinion on a spec: the names and shapes of its weights, its output, and what it computes."""

    def __init__(
        self,
        file: tree.File,
        given: Mapping[str, Any] | None = None,
        variant: str | None = None,
        sizes: tuple[int, ...] | None = None,
    ) -> None:
        self.file = file
        self.variant = variant
        self.blocks = {item.name.text: BlockValue(item) for item in file.items if isinstance(item, tree.Block)}
        self.homes: dict[tree.Block, Place] = {}
        self.calls: list[tree.Block] = []
        place = Place(self._parameters(given or {}), self.blocks)
        self._homes(place)
        if sizes is None:
            (item,) = (item for item in file.items if isinstance(item, tree.Input))
            sizes = tuple(evaluate(each, place) for each in item.sizes.dims)
        self.input = sizes
        chain = Chain(Flow(torch.zeros(2, *sizes, dtype=torch.float64)), Labels())
        kinds = (tree.Statement, tree.LabelledTable, tree.Let, tree.After, tree.Default, tree.Aux)
        body = tuple(item for item in file.items if isinstance(item, kinds))
        self.statements(body, place, chain)
        settle_biases(chain.members)
        self.top = Box(chain.members, "top")
        self.output = chain.x.shape
        give_names(self.top)
        self.layers = list(layers(self.top.members))

    def state(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of what the `state_dict` holds."""
        return {layer.key(key): shape for layer in self.layers for key, shape in layer.state().items()}

    def parameters(self) -> dict[str, tuple[int, ...]]:
        """Names and shapes of the parameters alone."""
        return {layer.key(key): shape for layer in self.layers for key, shape in layer.weights().items()}

    def run(
        self,
        state: Mapping[str, torch.Tensor],
        x: torch.Tensor,
        training: bool = False,
        noise: torch.Generator | None = None,
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The output, and the auxiliary ones; with `noise` each layer rounds otherwise."""
        run = Run(state, training, noise)
        made = run.members(self.top.members, Flow(x))
        return made.data, run.outputs

    def _parameters(self, given: Mapping[str, Any]) -> dict[str, Any]:
        (arch,) = (item for item in self.file.items if isinstance(item, tree.Arch))
        row = self._row()
        values: dict[str, Any] = {}
        for each in arch.parameters:
            name = each.name.text
            if name in given:
                values[name] = given[name]
            elif name in row:
                values[name] = evaluate(row[name], Place({**self._alone(), **values}, self.blocks))
            elif each.default is not None:
                values[name] = evaluate(each.default, Place(values, self.blocks))
            else:
                raise Refused("missing-parameter", name)
        return values

    def _alone(self) -> dict[str, Any]:
        """The `let`s of the file that depend on nothing but each other, which a cell of `variants` may name."""
        found: dict[str, Any] = {}
        for item in self.file.items:
            if isinstance(item, tree.Let):
                with suppress(Refused):
                    found |= unpack(item.names, evaluate(item.value, Place(found, self.blocks)))
        return found

    def _row(self) -> dict[str, tree.Node]:
        tables = [item for item in self.file.items if isinstance(item, tree.Variants)]
        if not tables:
            return {}
        names = [word.text for word in tables[0].header]
        # A line of dashes may have fewer columns than there are.
        rows = [dict(zip(names, row.cells, strict=False)) for row in tables[0].rows]
        rows = [row for row in rows if not all(isinstance(cell, tree.Empty) for cell in row.values())]
        for row in rows:
            cell = row.pop("name")
            name = cell.text if isinstance(cell, tree.Name) else cell.value
            if self.variant is None:
                self.variant = name
            if name == self.variant:
                return {column: cell for column, cell in row.items() if not isinstance(cell, tree.Empty)}
        if self.variant is None:
            return {}
        raise Refused("unknown-variant", str(self.variant))

    def _homes(self, place: Place) -> None:
        """A block sees the parameters, the file's `let`s, and the defaults that stand ahead of it."""
        lets = place
        unseen: set[str] = set()
        for item in self.file.items:
            if isinstance(item, tree.Let):
                if uses(item.value, *SIZES, *unseen):
                    # What depends on what arrives somewhere is nothing that a block can see.
                    unseen |= {each.text for each in item.names}
                else:
                    lets = lets.bind(unpack(item.names, evaluate(item.value, lets)))
        here = lets
        for item in self.file.items:
            if isinstance(item, tree.Default):
                here = with_default(here, item, lets)
            elif isinstance(item, tree.Block):
                self.homes[item] = here
