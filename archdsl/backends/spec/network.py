"""The text of a network, held to building that network again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archdsl.analysis.dataflow import Dataflow, dataflow
from archdsl.backends.spec.blocks import CannotKeep
from archdsl.backends.spec.kept import Kept
from archdsl.backends.spec.written_out import WrittenOut
from archdsl.diagnostics import ArchError, Source
from archdsl.elaborate.architecture import elaborate
from archdsl.elaborate.items import read
from archdsl.elaborate.program import Program
from archdsl.formatting import format_source
from archdsl.ir.nodes import Architecture, Initial
from archdsl.layers.base import Layer, written
from archdsl.layers.reshape import Identity
from archdsl.limits import USUAL, Limits
from archdsl.syntax import parse, tree


class WrongText(AssertionError):
    """A text would build another network than the one it was written for: a mistake of ours."""


def spec(network: Architecture, limits: Limits = USUAL) -> str:
    """A spec that builds the network: its blocks and repeats, with numbers where its own text had parameters.

    What only its text knows is not in it: `expect`, variants, comments, `after` and `default`, and parameters of the
    network. Where blocks or repeats can't be kept, as where layers that are handed to a block refer to a label outside,
    all is written out. Raises ArchError for a network of more layers than can be gone through one by one, or than
    `limits` lets a spec have.
    """
    flow = dataflow(network)
    try:
        text = formatted(network, Kept(network).lines())
        if builds(text, network, flow, limits):
            return text
    except (CannotKeep, ArchError):
        pass
    text = formatted(network, WrittenOut(network).lines())
    if not builds(text, network, flow, limits):
        raise WrongText(text)
    return text


def heading(network: Architecture) -> Iterator[str]:
    """The statements ahead of the layers: name, input, and how weights begin."""
    yield f"arch {network.name}"
    yield f"input {'x'.join(map(str, network.input.dims))}"
    for initial in network.initials:
        yield f"init {initial.target} {written(initial.rule)}"
    if network.initials:
        yield ""


def formatted(network: Architecture, body: Iterable[str]) -> str:
    text = "\n".join([*heading(network), *body]) + "\n"
    return format_source(Source("<spec>", text))


def builds(text: str, network: Architecture, flow: Dataflow, limits: Limits) -> bool:
    """Whether a text builds the network: every layer with its name and what feeds it, and how its weights begin."""
    made = elaborate(read(parse(Source("<spec>", text), limits), _no_library, limits))
    return _steps(dataflow(made)) == _steps(flow) and list(map(_initial, made.initials)) == list(
        map(_initial, network.initials)
    )


def _steps(flow: Dataflow) -> tuple[object, ...]:
    """What a network does, step by step.

    An identity is nothing, and may stand for a label; of layers that say a default and those that don't, it is the
    same; and what has no weights may be called anything.
    """
    numbers: list[int] = []
    found: list[object] = []
    for operation in flow.operations:
        inputs = tuple(numbers[each] for each in operation.inputs)
        what = operation.what
        if isinstance(what, Identity):
            numbers += inputs
            continue
        done = (what.keyword, what.torch(operation.takes[0])) if isinstance(what, Layer) else what
        path = operation.path if operation.keys() else ""
        numbers.append(len(found))
        found.append((path, done, operation.takes, operation.makes, inputs))
    return tuple(found), numbers[flow.output], tuple((name, numbers[each]) for name, each in flow.auxiliary)


def _no_library(item: tree.Import) -> Program:
    raise AssertionError(f"the text of a network brings nothing from {item.path.value}")


def _initial(initial: Initial) -> tuple[object, ...]:
    return initial.target, initial.modules, initial.has_bias, initial.rule
