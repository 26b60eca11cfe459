"""All that the shapes of a network come to: its rows, its totals, and what goes in and out."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from archdsl.analysis.cost import Costs
from archdsl.analysis.receptive_field import ReceptiveFields
from archdsl.analysis.smallest_input import Resized, smallest_input
from archdsl.analysis.table import Row, rows
from archdsl.analysis.where import Where
from archdsl.ir.nodes import Architecture
from archdsl.shape import Dim

if TYPE_CHECKING:
    from archdsl.analysis.memory import Memory


class Summary:
    """Every layer with its output, parameters and MACs, and the totals.

    Parameters are counted as single numbers, not bytes; MACs are multiply-accumulates of one sample, in
    convolutions and linear layers only (1 MAC = 2 FLOPs). Totals cost what the distinct layers cost, and
    rows are made when they are asked for.
    """

    def __init__(
        self,
        architecture: Architecture,
        costs: Costs | None = None,
        depth: int | None = None,
        receptive_field: bool = False,
        memory: Memory | None = None,
        resized: Resized | None = None,
    ) -> None:
        """`resized` makes the network for another input where its numbers follow from the sides of its input."""
        self.architecture = architecture
        self.costs = costs or Costs()
        self.depth = depth
        self.memory = memory
        self.resized = resized
        self.receptive = ReceptiveFields() if receptive_field else None

    @property
    def network(self) -> str:
        """The architecture's name."""
        return self.architecture.name

    @property
    def variant(self) -> str | None:
        return self.architecture.variant

    @property
    def input(self) -> tuple[Dim, ...]:
        """The sizes that come in, channels first, without the batch."""
        return self.architecture.input.dims

    @property
    def output(self) -> tuple[Dim, ...]:
        """The sizes that go out, without the batch."""
        return self.architecture.output.dims

    @property
    def params(self) -> Dim:
        return self.costs.of(self.architecture.body).params

    @property
    def inference_params(self) -> Dim:
        """The parameters without those of auxiliary outputs."""
        return self.costs.inference(self.architecture)

    @property
    def macs(self) -> Dim:
        return self.costs.of(self.architecture.body).macs

    @cached_property
    def smallest_input(self) -> int | None:
        """The least side of an input at which every layer has a size of at least one; None for vectors.

        It is that of evaluation, where there are no auxiliary outputs.
        """
        return smallest_input(self.architecture, resized=self.resized)

    @cached_property
    def smallest_training_input(self) -> int | None:
        """The least side at which the auxiliary outputs can be made too."""
        if not self.architecture.auxiliary:
            return self.smallest_input
        return smallest_input(self.architecture, in_training=True, resized=self.resized)

    @cached_property
    def where(self) -> Where:
        """Which sizes the formulas of an open input hold for; of evaluation, as `smallest_input` is."""
        return Where(self.architecture)

    @cached_property
    def rows(self) -> tuple[Row, ...]:
        """One row a layer, down to `depth`; see `analysis.table` for what is folded and how rows sum up."""
        return rows(self.architecture, self.costs, self.depth, self.receptive)
