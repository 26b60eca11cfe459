"""What a network's `state_dict` holds: each parameter and buffer by its key, and the layer that it is of."""

from __future__ import annotations

from collections.abc import Iterator

from archdsl.analysis.instances import Instance, instances
from archdsl.ir.nodes import Architecture, LayerNode
from archdsl.record import record


@record
class StateTensor:
    """One entry of a `state_dict`."""

    name: str
    """The key."""
    module: str
    """The path of the module that has it; that of the container for a bare parameter."""
    role: str
    """What the module calls it: `weight`, `running_mean`; '' for a bare parameter."""
    shape: tuple[int, ...]
    layer: LayerNode
    is_buffer: bool


def state(architecture: Architecture) -> tuple[StateTensor, ...]:
    """Every parameter and buffer, in the order of the text.

    Every copy of a repeat has weights of its own, so that this raises ArchError as `instances` does.
    """
    return tuple(tensor for layer in instances(architecture) for tensor in _tensors(layer))


def _tensors(layer: Instance) -> Iterator[StateTensor]:
    node, name = layer.node, layer.name
    for is_buffer, tensors in ((False, node.layer.weights(node.input)), (True, node.layer.buffers(node.input))):
        for role, shape in tensors.items():
            sizes = tuple(size for size in shape if isinstance(size, int))
            key = f"{name}.{role}" if role else name
            module = name if role else name.rpartition(".")[0]
            yield StateTensor(key, module, role, sizes, node, is_buffer)
