"""How branches are run and joined in a `forward`."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from archdsl.backends.classes.calls import marks_made, outer_tensors
from archdsl.backends.classes.names import identifier
from archdsl.backends.python.layout import STEP
from archdsl.backends.torch.context import ClassContext
from archdsl.backends.torch.flow import TENSOR, Flow, fill
from archdsl.ir.names import spliced
from archdsl.ir.nodes import Chain, Merge

Branch = Callable[[int, Flow], None]
"""Puts the calls of a branch on a flow."""

Projection = Callable[[], str]
"""Makes the attribute of a projection that may be None, and says how `forward` reaches it."""


def forward_merge(
    writer: ClassContext,
    node: Merge,
    flow: Flow,
    branch: Branch,
    projection: Projection | None,
    parts: str | None = None,
) -> None:
    """Write the lines of a merge.

    `projection` makes the attribute of a projection that may be None; `parts` is the call that gives each
    branch its tensor, where they all begin with one of its results.
    """
    start = flow.flush()
    if node.join.has_shortcut:
        _residual(writer, node, flow, start, branch, projection)
    else:
        _joined(writer, node, flow, start, branch, parts)


def _residual(
    writer: ClassContext, node: Merge, flow: Flow, start: str, branch: Branch, projection: Projection | None
) -> None:
    if node.shortcut == "optional" and node.agrees is False:
        branch(0, flow)
        return
    shortcut = writer.locals.claim("shortcut")
    # The main path's modules come first in the constructor, the shortcut's tensor first in `forward`.
    leans = leans_on_main(node)
    main = Flow(start, writer.locals.claim("main") if leans else flow.target, depth=flow.depth)
    branch(0, main)
    main.flush()
    if len(node.branches) == 1:
        flow.write(f"{shortcut} = {start}")
    elif projection is not None:
        attribute = projection()
        flow.write(f"{shortcut} = {start} if {attribute} is None else {attribute}({start})")
    else:
        side = Flow(start, shortcut, depth=flow.depth)
        branch(1, side)
        side.flush()
        if side.held == main.target:
            # The main path is about to assign the variable that the shortcut only reads.
            side.write(f"{shortcut} = {side.held}")
        else:
            shortcut = side.held
        # A shortcut that takes up a tensor of the main path has to wait for it.
        flow.lines += [*main.lines, *side.lines] if leans else side.lines
    if not leans:
        flow.lines += main.lines
    flow.held, flow.text = main.held, ""
    if node.shortcut == "optional" and not isinstance(node.agrees, bool):
        attribute = writer.attributes.claim("use_shortcut")
        writer.add_line(f"self.{attribute} = ", writer.value(node.agrees))
        flow.write(f"if self.{attribute}:")
        flow.write(f"{STEP}{flow.target} = {_expression(writer, node, [flow.held, shortcut])}")
        flow.held = flow.target
        return
    flow.text = _expression(writer, node, [flow.held, shortcut])


def _joined(writer: ClassContext, node: Merge, flow: Flow, start: str, branch: Branch, parts: str | None) -> None:
    tensors: list[str] = []
    names = [writer.locals.claim(branch_name(node, place)) for place in range(len(node.branches))]
    if parts is not None:
        flow.write(f"{', '.join(names)} = {parts.replace(TENSOR, start)}")
    for place, name in enumerate(names):
        side = Flow(start if parts is None else name, name, depth=flow.depth, parted=parts is not None)
        branch(place, side)
        side.flush()
        flow.lines += side.lines
        tensors.append(side.held)
    flow.text = _expression(writer, node, tensors)


def _expression(writer: ClassContext, node: Merge, tensors: list[str]) -> str:
    """The tensor that joins others."""
    # A shortcut that only some calls have joins what arrives there.
    shapes = node.shapes if len(node.shapes) == len(tensors) else (*node.shapes, node.input)
    step = node.join.torch(shapes, node.output)
    values = [writer.value(value, forward=True) for value in step.values]
    return fill(step.template, values, **{f"x{place}": tensor for place, tensor in enumerate(tensors)})


def leans_on_main(node: Merge) -> bool:
    """Whether a shortcut refers to a label inside the main path."""
    if len(node.branches) == 1:
        return False
    made = marks_made(node.branches[0])
    return any(path[0] in made for path in outer_tensors(node.branches[1]))


def branch_name(node: Merge, place: int) -> str:
    """What the tensor of a branch is called: after what its labels have in common, as a factor, or by number."""
    found = list(labels(node.branches[place]))
    common = found[0] if found else ""
    while not all(label.startswith(common) for label in found):
        common = common[:-1]
    common = common.rstrip("_")
    if len(common) > 2 and identifier(common) == common:
        return common
    return (node.join.later_name if place else "") or f"branch{place + 1}"


def labels(chain: Chain) -> Iterator[str]:
    """The labels in a branch, those of merges inside it too; a label that depends on a turn has no fixed text."""
    for member in spliced(chain.members):
        if member.label is not None:
            yield "".join(piece if isinstance(piece, str) else "\0" for piece in member.label)
        elif isinstance(member.node, Merge):
            for branch in member.node.branches:
                yield from labels(branch)
