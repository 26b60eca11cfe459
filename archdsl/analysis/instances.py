"""Every layer of the running network, one by one: its name, its node, and what comes before it."""

from __future__ import annotations

from dataclasses import dataclass

from archdsl.analysis.dataflow import Dataflow, dataflow
from archdsl.ir.marks import Mark
from archdsl.ir.nodes import Architecture, Aux, LayerNode, Merge
from archdsl.shape import Dim


@dataclass(frozen=True, eq=False)
class Instance:
    """One layer of the running network."""

    name: str
    """Its module's name, as the `state_dict` has it; of a layer without state what it would be."""
    node: LayerNode
    before: Instance | None
    """The layer whose output arrives here; None where the network's input, a merge or a reference does."""
    home: object
    """The container or branch it stands in; two layers of one home follow each other directly."""
    around: tuple[Merge | Aux, ...]
    """The merges and auxiliary outputs that it is inside of, the outermost first."""
    marks: tuple[Mark, ...] = ()
    """The labels whose tensor it makes, by which a reference could read it."""
    labels: str = ""
    """Its name with `#` for each part that is no label, and so shifts when a member comes or goes ahead of it."""

    def keys(self) -> dict[str, tuple[Dim, ...]]:
        """Keys of the `state_dict` and the shapes of their tensors, parameters ahead of buffers."""
        layer, x = self.node.layer, self.node.input
        found = {**layer.weights(x), **layer.buffers(x)}
        return {f"{self.name}.{name}" if name else self.name: shape for name, shape in found.items()}

    @property
    def follows(self) -> Instance | None:
        """The layer directly ahead in the same container or branch, where there is one."""
        return self.before if self.before is not None and self.before.home is self.home else None


def instances(architecture: Architecture) -> tuple[Instance, ...]:
    """Every layer in the order in which it runs. Raises ArchError for a network of too many."""
    return tuple(instances_of(dataflow(architecture)).values())


def instances_of(flow: Dataflow) -> dict[int, Instance]:
    """The layers among the operations of a network, by their numbers."""
    found: dict[int, Instance] = {}
    for number, operation in enumerate(flow.operations):
        place = operation.place
        if isinstance(place.node, LayerNode):
            before = found.get(operation.inputs[0]) if place.direct else None
            found[number] = Instance(
                operation.path, place.node, before, place.home, place.around, place.marks, place.labels
            )
    return found
