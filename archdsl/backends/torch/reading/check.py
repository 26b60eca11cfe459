"""Every class of a source against every call of it in the network."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from archdsl.backends.classes.calls import outer_tensors
from archdsl.backends.classes.inner_tensors import InnerTensors
from archdsl.backends.torch.functions import FUNCTIONS
from archdsl.backends.torch.needs import flatten_ahead
from archdsl.backends.torch.reading.expected import Classes, Expected, Wrong, leaf_of
from archdsl.backends.torch.reading.layers import Layers
from archdsl.backends.torch.reading.objects import Outputs, Self
from archdsl.backends.torch.reading.source import Source
from archdsl.backends.torch.reading.values import FLATTENED, Container, Made, Parameter, Problem, Tensor, Term, Terms
from archdsl.diagnostics import Span
from archdsl.elaborate.residuals import PROJECTION_SOURCE
from archdsl.ir.names import as_container, is_open, names, style
from archdsl.ir.nodes import Architecture, Call, Chain, LayerNode, Merge, Node
from archdsl.layers.torch_call import Function, Module
from archdsl.symbolic import divisible


class WrongSource(AssertionError):
    """The source isn't what the spec says: a mistake of ours, never of a spec. Says where in the spec."""


Calls = Iterable[tuple[str, Mapping[str, Any], Node]]
"""Each class with the arguments of a call of it, and the node that the call is."""


def read_back(
    text: str,
    top: str,
    architecture: Architecture,
    layers: Iterable[LayerNode],
    definitions: Mapping[str, str],
    calls: Calls,
    classes: Classes,
    inner: InnerTensors,
) -> None:
    """Raise WrongSource unless the text of a source is the network in every call of each of its classes.

    `top` is the class of the network itself, `layers` are all of its layers, `definitions` the classes and functions
    that the source brings along, `calls` the calls of each class, `classes` says which class serves a node and with
    which arguments, `inner` which tensors inside containers are used outside of them.
    """
    said = Layers()
    terms = Terms(lambda what: what[0] in said.elementwise)
    try:
        own = {name: text for name, text in definitions.items() if text.lstrip().startswith("class")}
        source = Source(text, terms, own, dict.fromkeys(FUNCTIONS, divisible), said)
        expected = Expected(source, terms, said, classes, inner)
        for layer in layers:
            _learn(layer, said, expected)
        for name, arguments, node in calls:
            with _at(node.span, name):
                _class(source, expected, name, arguments, node)
        with _at(architecture.body.span, top):
            _network(source, expected, top, architecture)
    except Problem as problem:
        raise WrongSource(f"{architecture.body.span.source.name}: {problem}") from None
    except Wrong as wrong:
        raise WrongSource(f"{wrong.span.source.name}:{wrong.span.line}:{wrong.span.column}: {wrong.what}") from None


@contextmanager
def _at(span: Span, name: str) -> Iterator[None]:
    """Give what is wrong in a class the place of its call."""
    try:
        yield
    except Problem as problem:
        raise Wrong(f"{problem}, in `{name}`", span) from None
    except Wrong as wrong:
        # What stands for a shortcut's word is no text of the spec.
        raise Wrong(wrong.what, span if wrong.span.source.name == PROJECTION_SOURCE else wrong.span) from None


def _learn(node: LayerNode, said: Layers, expected: Expected) -> None:
    """What a layer says of the modules it is made of."""
    steps = node.layer.torch(node.input)
    state = bool(node.layer.weights(node.input) or node.layer.buffers(node.input))
    for step in steps:
        module = step.module if isinstance(step, Function) else step
        if not isinstance(module, Module):
            continue
        said.defaults.setdefault(module.name, {}).update(module.defaults)
        if isinstance(step, Function):
            said.functional[said.plain(leaf_of(module))] = partial(expected.function, step)
            continue
        if state:
            said.stateful.add(module.name)
        if node.layer.elementwise:
            said.elementwise.add(module.name)
        if node.layer.has_inplace:
            said.inplace.add(module.name)


def _class(source: Source, expected: Expected, name: str, arguments: Mapping[str, Any], node: Node) -> None:
    """One class in one call of it."""
    if name not in source.classes:
        raise Wrong(f"there is no class `{name}`", node.span)
    made = source.made(name, arguments)
    body: Chain | Merge = node.body if isinstance(node, Call) else node  # type: ignore[assignment]
    kind = "block" if isinstance(node, Call) else "group"
    if isinstance(body, Merge) and is_open(body):
        body = as_container(body)
    chosen = style(body, kind) if isinstance(body, Chain) else "numbered"  # type: ignore[arg-type]
    named = names(body, chosen) if isinstance(body, Chain) else ()
    x = expected.terms(("input",))
    outer = {path: expected.terms(("outer", place)) for place, path in enumerate(outer_tensors(node))}
    start = expected.terms(FLATTENED, x) if flatten_ahead(node, expected.inner) else x
    if source.classes[name].forward is None:
        assert isinstance(body, Chain)
        expected.made, expected.named = made, {}
        expected.sequence(body, named, Container("Sequential", made.modules), "")
        return
    end, labels = expected.follow(made, body, named, x, outer, chosen == "numbered")
    given = source.forward(name, made, [start, *outer.values()])
    ours = given if isinstance(given, tuple) else (given,)
    words = expected.inner.of(node)
    by_word = {".".join(mark.label for mark in path): term for path, term in labels.items()}
    _same(expected, name, ours, [end, *(by_word[word] for word in words)], node)
    _nothing_else(expected, name, made, node)


def _network(source: Source, expected: Expected, name: str, architecture: Architecture) -> None:
    """The network itself, in evaluation and, where that gives more, in training."""
    body = architecture.body
    for training in (False, True) if architecture.auxiliary else (False,):
        made = source.made(name, {})
        expected.training = training
        x = expected.terms(("input",))
        end, _ = expected.follow(made, body, names(body, "named"), x, {}, False)
        given = source.forward(name, made, [x], training)
        ours = given.values if isinstance(given, Outputs) else (given,)
        _same(expected, name, ours, [end, *expected.outputs.values()], body)
        if training or not architecture.auxiliary:
            _nothing_else(expected, name, made, body)
    expected.training = False


def _same(expected: Expected, name: str, ours: tuple[Any, ...], wanted: list[Term], node: Node) -> None:
    """Whether `forward` gives the tensors that it should."""
    if len(ours) != len(wanted):
        raise Wrong(f"`{name}` gives {len(ours)} tensors and not {len(wanted)}", node.span)
    for tensor, term in zip(ours, wanted, strict=True):
        found = tensor.read() if isinstance(tensor, Tensor) else None
        if found is term:
            continue
        made = set(_below(found)) if found is not None else set()
        # The first step of the network that the source doesn't have.
        for each in _below(term):
            if each not in made:
                raise Wrong(f"`{name}` doesn't have this: {each}", expected.spans.get(each, node.span))
        raise Wrong(f"`{name}` goes on behind this", expected.spans.get(term, node.span))


def _below(term: Term) -> list[Term]:
    """A step and all that it is built on, the first ahead."""
    found: dict[Term, None] = {}
    pending: list[tuple[Term, bool]] = [(term, False)]
    while pending:
        each, done = pending.pop()
        if done:
            found[each] = None
        elif each not in found:
            pending.append((each, True))
            pending += [(inner, False) for inner in reversed(each.inputs)]
    return list(found)


def _nothing_else(expected: Expected, name: str, made: Self, node: Node) -> None:
    """Whether a module holds nothing with weights that the network doesn't have, and all of it in its order."""
    met = list(expected.named)
    # Bare parameters stand ahead of all modules in a `state_dict` anyway.
    modules = [each for each in made.modules if isinstance(each, tuple) and not isinstance(each[1], Parameter)]
    held = [name for name, value in modules if name in expected.named and _has_state(value, expected.layers)]
    if [each for each in met if each in held] != held:
        raise Wrong(f"the modules of `{name}` are made in another order", node.span)
    for each in made.modules:
        if isinstance(each, tuple) and each[0] not in met and _has_state(each[1], expected.layers):
            raise Wrong(f"`{name}` has a module `{each[0]}` that the spec doesn't", node.span)


def _has_state(value: Any, layers: Layers) -> bool:
    if isinstance(value, Container):
        # Those of a loop are one and the same.
        distinct = {id(each[1]) if isinstance(each, tuple) else id(each): each for each in value.modules}.values()
        return any(not isinstance(each, tuple) or _has_state(each[1], layers) for each in distinct)
    return isinstance(value, (Made, Parameter)) or getattr(value, "kind", "") in layers.stateful
