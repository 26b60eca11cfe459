"""Every example of every layer: what the class says is what PyTorch does, for numbers and for symbols."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from pydantic import ValidationError
from torch import nn

from archdsl.diagnostics import ArchError
from archdsl.layers.base import Layer, Role, keywords
from archdsl.layers.reference.examples import read_example, read_head
from archdsl.layers.torch_call import Function, Module, Step
from archdsl.shape import Layout, Shape
from archdsl.symbolic import Expr, substitute, symbol, symbols

Live = Callable[[Layer, Shape], nn.Module]

KINDS = dict(sorted(keywords().items()))
EXAMPLES = [(kind, text) for kind in KINDS.values() for text in kind.examples]
every_example = pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[text for _, text in EXAMPLES])
every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)

LANGUAGE = {
    "conv",
    "dwconv",
    "deconv",
    "maxpool",
    "avgpool",
    "adaptive-avgpool",
    "adaptive-maxpool",
    "gap",
    "fc",
    "linear",
    "conv-head",
    "bn",
    "gn",
    "ln",
    "instancenorm",
    "lrn",
    "dropout",
    "dropout2d",
    "droppath",
    "relu",
    "relu6",
    "leakyrelu",
    "prelu",
    "elu",
    "gelu",
    "silu",
    "mish",
    "sigmoid",
    "hardsigmoid",
    "hardswish",
    "tanh",
    "softmax",
    "flatten",
    "reshape",
    "permute",
    "identity",
    "upsample",
    "pixelshuffle",
    "pixelunshuffle",
    "channelshuffle",
    "chunk",
    "layerscale",
    "pad",
    "crop",
}


def test_every_layer_of_the_language_is_there() -> None:
    assert set(KINDS) >= LANGUAGE


@every_kind
def test_a_class_is_documented_and_its_examples_cover_what_it_takes(kind: type[Layer]) -> None:
    assert kind.__doc__
    assert "\n" not in kind.__doc__.split("\n\n")[0]
    assert isinstance(kind.role, Role)
    for name, info in kind.model_fields.items():
        assert info.description, name
        assert info.description[0].islower(), info.description
        assert not info.description.endswith("."), info.description
    for field in (kind.digits, kind.dash, kind.slash, *(name.lstrip("*") for name in kind.positional)):
        assert field is None or field in kind.model_fields
    met = [read_example(text)[0] for text in kind.examples]
    assert {x.rank for x in met} == kind.ranks, "an example for each number of axes"


@every_kind
def test_a_class_with_one_argument_takes_it_without_its_name(kind: type[Layer]) -> None:
    arguments = [name for name in kind.model_fields if name not in (kind.digits, kind.dash, kind.slash)]
    if len(arguments) == 1:
        assert [name.lstrip("*") for name in kind.positional] == arguments
    assert not {kind.digits, kind.dash, kind.slash} & set(kind.positional)


@every_example
def test_an_example_is_written_back_as_itself(kind: type[Layer], text: str) -> None:
    layer = read_example(text)[1]
    assert type(layer) is kind
    assert read_head(layer.written) == layer


@every_example
def test_torch_makes_the_same_shape_and_weights(kind: type[Layer], text: str, live: Live) -> None:
    x, layer = read_example(text)
    layer.check(x)
    with torch.device("meta"):
        module = live(layer, x)
        made = module(torch.empty(2, *map(int, x.dims)))
    assert tuple(made.shape) == (2, *layer.output(x).dims)
    assert _sizes(module.named_parameters()) == layer.weights(x)
    assert _sizes(module.named_buffers()) == layer.buffers(x)
    assert layer.parameters(x) == sum(parameter.numel() for parameter in module.parameters())


@every_example
def test_multiply_accumulates_are_counted_for_what_has_a_matrix(kind: type[Layer], text: str, live: Live) -> None:
    x, layer = read_example(text)
    matrices = kind.role in (Role.CONVOLUTION, Role.LINEAR)
    assert (layer.macs(x) != 0) == matrices
    if not matrices:
        return
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        live(layer.model_copy(update={"bias": False}), x)(torch.empty(1, *map(int, x.dims)))
    assert counter.get_total_flops() == 2 * layer.macs(x)


@every_example
def test_module_and_function_are_equal(kind: type[Layer], text: str, live: Live) -> None:
    x, layer = read_example(text)
    tensor = torch.rand(2, *map(int, x.dims))
    for step in layer.torch(x):
        if isinstance(step, Function) and step.module is not None:
            made = live(Chosen(steps=(step,)), x)(tensor)
            assert torch.equal(made, live(Chosen(steps=(step.module,)), x)(tensor))


class Chosen(Layer):
    """A layer of given steps."""

    steps: tuple[Any, ...]

    def torch(self, x: Shape) -> tuple[Any, ...]:
        return self.steps


@every_example
def test_a_rule_is_the_same_for_open_sizes(kind: type[Layer], text: str, live: Live) -> None:
    x, layer = read_example(text)
    names = tuple("DHW"[3 - x.rank :])
    open_spatial = x.with_spatial(symbol(name, "size") for name in names)
    for change in ((0,) * x.rank, (1,) * x.rank, (2, 5, 9)[: x.rank], (17, 16, 15)[: x.rank]):
        numbers = [size + more for size, more in zip(x.spatial, change, strict=True)]
        _compare(live, layer, open_spatial, x.with_spatial(numbers), dict(zip(names, numbers, strict=True)))


@every_example
def test_a_rule_is_the_same_for_open_channels(kind: type[Layer], text: str, live: Live) -> None:
    x, layer = read_example(text)
    _compare(live, layer, x.with_channels(symbol("c")), x, {"c": x.channels})
    twice = 2 * x.channels
    _compare(live, layer, x.with_channels(symbol("c")), x.with_channels(twice), {"c": twice})


@every_example
def test_a_rule_is_the_same_for_open_arguments(kind: type[Layer], text: str, live: Live) -> None:
    x, layer = read_example(text)
    for name, value in layer:
        for opened, values in _opened(value):
            if not _takes_expressions(kind, name):
                continue
            _compare(live, layer.model_copy(update={name: opened}), x, x, values, layer)


def _opened(value: Any) -> Iterator[tuple[Any, dict[str, int]]]:
    """The value with a symbol for each number in it, and what the symbols stand for."""
    if isinstance(value, int) and not isinstance(value, bool):
        yield symbol("n"), {"n": value}
    if isinstance(value, tuple) and -1 not in value:
        names = [f"n{place}" for place in range(len(value))]
        yield tuple(symbol(name) for name in names), dict(zip(names, value, strict=True))


def _takes_expressions(kind: type[Layer], field: str) -> bool:
    return Expr.__name__ in str(kind.model_fields[field].annotation)


def _compare(
    live: Live, layer: Layer, opened: Shape, x: Shape, values: dict[str, Any], settled: Layer | None = None
) -> None:
    """Check that rules applied to symbols give, with numbers put in, what they give for the numbers."""
    settled = settled or layer
    try:
        settled.check(x)
        expected = settled.output(x)
    except ArchError:
        return
    layer.check(opened)
    made = layer.output(opened)
    assert substitute(made.dims, values) == expected.dims
    assert made.layout is expected.layout
    assert {name: substitute(shape, values) for name, shape in layer.weights(opened).items()} == settled.weights(x)
    assert {name: substitute(shape, values) for name, shape in layer.buffers(opened).items()} == settled.buffers(x)
    assert substitute(layer.macs(opened), values) == settled.macs(x)
    assert substitute(layer.parameters(opened), values) == settled.parameters(x)
    assert not symbols(*settled.output(x).dims)
    steps = tuple(_settled(step, values) for step in layer.torch(opened))
    with torch.device("meta"):
        ran = live(Chosen(steps=steps), x)(torch.empty(2, *map(int, x.dims)))
    assert tuple(ran.shape) == (2, *expected.dims)


def _settled(step: Step, values: dict[str, Any]) -> Step:
    """The step with numbers put in for the symbols."""
    return replace(step, **{field.name: substitute(getattr(step, field.name), values) for field in fields(step)})


def test_arguments_that_are_left_out_are_pytorchs_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, dict[str, Any]] = {}
    passed: dict[str, set[str]] = {}
    original = Module.of.__func__  # type: ignore[attr-defined]

    def spy(cls: type[Module], name: str, *args: Any, **kwargs: Any) -> Module:
        if not kwargs.get("definition"):
            seen.setdefault(name, {}).update(kwargs.get("defaults") or {})
            passed.setdefault(name, set()).update(kwargs.keys() - {"defaults", "definition"})
        return original(cls, name, *args, **kwargs)  # type: ignore[no-any-return]

    monkeypatch.setattr(Module, "of", classmethod(spy))
    for _, text in EXAMPLES:
        x, layer = read_example(text)
        layer.torch(x)
    assert {"Conv2d", "MaxPool2d", "BatchNorm1d", "LayerNorm", "Dropout", "Linear"} <= set(seen)
    for name, defaults in seen.items():
        parameters = inspect.signature(getattr(nn, name)).parameters
        assert passed[name] <= set(parameters), name
        for key in passed[name] & set(defaults):
            assert defaults[key] == parameters[key].default, (name, key)


@every_kind
def test_numbers_are_numbers(kind: type[Layer]) -> None:
    for text in kind.examples:
        layer = read_example(text)[1]
        for name, value in layer:
            # A bool is no number; where only numbers are asked for, it must not pass as 1.
            if type(value) in (int, float) and "bool" not in str(kind.model_fields[name].annotation):
                with pytest.raises(ValidationError, match=name):
                    kind(**{**dict(layer), name: True})


def test_a_whole_number_is_taken_for_a_float() -> None:
    assert read_head("bn(eps=1)") == read_head("bn(eps=1.0)")
    assert read_head("dropout(0)") == read_head("dropout(0.0)")
    for head in ("dropout(1)", "dropout(-0.1)", "bn(momentum=2)", "conv0-8", "conv3-8(padding=-1)", "conv3-8/0"):
        with pytest.raises(ValidationError):
            read_head(head)


def _sizes(named: Any) -> dict[str, tuple[int, ...]]:
    return {name.partition(".")[2]: tuple(tensor.shape) for name, tensor in named}


def test_channels_last_examples_exist_where_the_layout_matters() -> None:
    met = {kind.keyword for kind, text in EXAMPLES if read_example(text)[0].layout is Layout.CHANNELS_LAST}
    assert {"ln", "linear", "fc", "softmax", "layerscale", "permute", "chunk", "prelu", "reshape"} <= met
