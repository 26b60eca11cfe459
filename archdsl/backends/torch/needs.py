"""What a node needs of a source: a module, a flatten ahead of it, a name for each of its modules."""

from __future__ import annotations

from archdsl.backends.classes.calls import is_module
from archdsl.backends.classes.inner_tensors import InnerTensors
from archdsl.ir.names import spliced, style
from archdsl.ir.nodes import Call, Chain, LayerNode, Member, Merge, Node, Reference, Repeat
from archdsl.layers.torch_call import FLATTEN, Function, Module, Parameter, Step
from archdsl.once import once


def flatten_ahead(node: Node, referred: InnerTensors) -> bool:
    """Whether a flatten is needed ahead of a node: an `fc` on a map that comes first in it.

    What is element-wise may stand between, so that a flatten is hoisted out of `nn.Sequential`, unless its
    tensor is `referred` to, which is none that was flattened.
    """
    if isinstance(node, LayerNode):
        steps = node.layer.torch(node.input)
        return len(steps) > 1 and steps[0] is FLATTEN
    if isinstance(node, Call):
        return style(node.body, "block") == "numbered" and flatten_ahead(node.body, referred)
    if isinstance(node, Repeat):
        return bool(node.runs) and flatten_ahead(node.runs[0].node, referred)
    if isinstance(node, Chain):
        for member in node.members:
            inner = member.node
            if flatten_ahead(inner, referred):
                return True
            if not (isinstance(inner, LayerNode) and inner.layer.elementwise) or referred.may_name(member.marks):
                return False
    return False


def is_single_module(steps: tuple[Step, ...]) -> bool:
    """Whether a layer can stand in `nn.Sequential` as one module under its own name."""
    if len(steps) == 1:
        return isinstance(steps[0], Module) or (isinstance(steps[0], Function) and steps[0].module is not None)
    return all(isinstance(step, Module) or (isinstance(step, Function) and step.module is not None) for step in steps)


def may_overwrite(node: Node) -> bool:
    """Whether the layer after a node may write into its output."""
    if isinstance(node, LayerNode):
        return node.layer.output_is_scratch
    if isinstance(node, Chain):
        return bool(node.members) and not node.members[-1].marks and may_overwrite(node.members[-1].node)
    if isinstance(node, Repeat):
        return bool(node.runs) and may_overwrite(node.runs[-1].node)
    if isinstance(node, Call):
        return may_overwrite(node.body)
    if isinstance(node, Merge):
        return node.shortcut != "optional" or may_overwrite(node.branches[0])
    return False


def is_keyed(members: tuple[Member, ...]) -> bool:
    """Whether the modules of a container need their names said, as there is a label among them."""
    return any(member.label is not None for member in spliced(members))


@once
def holds_modules(node: Node) -> bool:
    """Whether a node needs any submodule, which blocks and containers are even where they hold none."""
    if is_module(node):
        return True
    if isinstance(node, LayerNode):
        return any(isinstance(step, (Module, Parameter)) for step in node.layer.torch(node.input))
    if isinstance(node, Reference):
        return False
    return any(holds_modules(part) for part in node.parts)
