"""A module against what its text says: names, shapes, values, and other values of its parameters."""

from __future__ import annotations

import inspect
import random
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.backends.torch.namespace import TAKEN
from archdsl.diagnostics import ArchError
from archdsl.elaborate.program import Program
from archdsl.network import Network, build

from .executing import drawn, executed, is_small, made, ran, reran, seeded, written
from .faults import Fault, brief
from .second.values import Refused, Unsure
from .second.walk import Second

RELATIVE = 1e-6
"""Both compute in double precision, and what is wired wrongly differs in the first digits."""


def compare_structure(network: Network, module: nn.Module, second: Second) -> None:
    """Names and shapes of all weights, their number, and the shape of the output."""
    found = {key: tuple(each.shape) for key, each in module.state_dict().items()}
    wanted = second.state()
    if found.keys() != wanted.keys():
        more, less = sorted(found.keys() - wanted.keys()), sorted(wanted.keys() - found.keys())
        raise Fault("names", f"the module has {more[:4]}, the text says {less[:4]}")
    if found != wanted:
        key = next(key for key in found if found[key] != wanted[key])
        raise Fault("shapes of weights", f"{key} is {found[key]}, the text says {wanted[key]}")
    parameters = {key: tuple(each.shape) for key, each in module.named_parameters()}
    if parameters != second.parameters():
        raise Fault("names of parameters", str(sorted(parameters.items() ^ second.parameters().items())[:4]))
    counted = sum(each.numel() for each in module.parameters())
    if counted != network.shapes().params:
        raise Fault("number of parameters", f"the module has {counted}, the table says {network.shapes().params}")
    if tuple(network.output) != second.output:
        raise Fault("declared output", f"declared {network.output}, the text says {second.output}")


def compare_values(module: nn.Module, second: Second, state: Mapping[str, Tensor], x: Tensor) -> None:
    try:
        _compare_values(module, second, state, x)
    except Fault as fault:
        if fault.verdict.kind in ("values", "training values"):
            settled(second, state, x, fault.verdict.kind == "training values")
        raise


def _compare_values(module: nn.Module, second: Second, state: Mapping[str, Tensor], x: Tensor) -> None:
    with torch.no_grad():
        module.eval()
        ours, theirs = ran(module, x.clone()), reran(second, state, x.clone(), False)
        if not isinstance(ours, Tensor):
            raise Fault("values", "evaluation gives no tensor")
        same(ours, theirs[0], "values")
    module.train()
    # A leaf that is worked on first, as no activation may write into what comes in.
    made = ran(module, x.clone())
    with torch.no_grad():
        output, others = reran(second, state, x.clone(), True)
    if others:
        names = ("output", *others)
        if getattr(made, "_fields", None) != names:
            raise Fault("training outputs", f"{getattr(made, '_fields', None)} where the text says {names}")
        for name, wanted in {"output": output, **others}.items():
            same(getattr(made, name), wanted, "training values")
        total = sum(each.square().mean() for each in made)
    else:
        if not isinstance(made, Tensor):
            raise Fault("training outputs", "more than one where the text has no aux")
        same(made, output, "training values")
        total = made.square().mean()
    if isinstance(total, Tensor) and total.requires_grad:
        try:
            total.backward()
        except Exception as error:
            raise Fault("run crashes", f"backward: {brief(error)}") from None


def settled(second: Second, state: Mapping[str, Tensor], x: Tensor, training: bool) -> None:
    """Raise Unsure where the last digits of what comes in decide the first ones of what goes out.

    Statistics of what is equal but for rounding do: three batch normalizations in a row blow it up to ones.
    """
    with torch.no_grad():
        here, others = reran(second, state, x.clone(), training)
        there, more = reran(second, state, x.clone(), training, noise=seeded())
    for one, other in zip((here, *others.values()), (there, *more.values()), strict=True):
        if not torch.allclose(one, other, rtol=RELATIVE / 10, atol=RELATIVE / 10 * float(one.abs().max())):
            raise Unsure("rounding alone makes other numbers")


def same(ours: Tensor, theirs: Tensor, what: str) -> None:
    if ours.shape != theirs.shape:
        raise Fault(what, f"{tuple(ours.shape)} where the text says {tuple(theirs.shape)}")
    finite = theirs[theirs.isfinite()].abs()
    # What is 0 but for rounding, such as the mean of what was normalized, is no larger where it is rounded otherwise.
    scale = max(float(finite.max()) if finite.numel() else 0.0, 1e-4)
    if not torch.allclose(ours, theirs, rtol=RELATIVE, atol=RELATIVE * scale, equal_nan=True):
        raise Fault(what, f"differ by {float((ours - theirs).detach().abs().max()):.3g} of {scale:.3g}")


def compare_larger(
    program: Program, variant: str | None, source: str, module: nn.Module, second: Second, state: Mapping[str, Tensor]
) -> None:
    """The same source on a larger input, where that is its source too."""
    sizes = (second.input[0], *(size + 2 + axis for axis, size in enumerate(second.input[1:])))
    try:
        network = build(program, variant, input=sizes)
    except ArchError:
        return
    if not is_small(network) or written(network) != source:
        return
    try:
        larger = Second(program.file, variant=second.variant, sizes=sizes)
    except Refused as error:
        raise Fault("second refuses", f"a larger input: {error}") from None
    if tuple(network.output) != larger.output:
        raise Fault("declared output", f"larger input: declared {network.output}, the text says {larger.output}")
    module.load_state_dict(dict(state))
    x = torch.randn(2, *sizes, generator=seeded(), dtype=torch.float64)
    with torch.no_grad():
        module.eval()
        same(ran(module, x), reran(larger, state, x, False)[0], "values on a larger input")


def compare_parameters(program: Program, network: Network, kind: type[nn.Module], choose: random.Random) -> int:
    """The class built with another value against the spec elaborated with it. Gives how many were compared."""
    # What Python or the source has already is offered with a number behind it: `torch` as `torch2`.
    words = {name if name not in TAKEN else f"{name}2": name for name in network.parameters}
    offered = [each.name for each in inspect.signature(kind).parameters.values()]
    if strange := [name for name in offered if name not in words]:
        raise Fault("constructor signature", f"offers {strange}")
    compared = 0
    for _ in range(2 if offered else 0):
        changed = {}
        for name in choose.sample(offered, choose.randint(1, min(2, len(offered)))):
            changed[name] = other(network.parameters[words[name]], choose)
        try:
            wanted = build(program, network.variant, {words[name]: value for name, value in changed.items()})
        except ArchError:
            continue
        if not is_small(wanted):
            continue
        theirs = made(executed(written(wanted)), {})
        try:
            ours = made(kind, changed)
        except Fault as fault:
            if isinstance(fault.__cause__, ValueError):
                # What a class takes for granted, it checks.
                continue
            raise Fault("constructor crashes", f"{changed}: {fault.verdict.detail}") from None
        same_modules(ours, theirs, wanted.input, changed)
        compared += 1
    return compared


def other(value: Any, choose: random.Random) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return choose.choice([value + 1, value + 2, 2 * value, max(1, value - 1), max(1, value // 2), 1, 2, 3, 4, 6, 8])
    if isinstance(value, float):
        return value / 2
    return value


def same_modules(ours: nn.Module, theirs: nn.Module, sizes: tuple[Any, ...], changed: Mapping[str, Any]) -> None:
    found = {key: tuple(each.shape) for key, each in ours.state_dict().items()}
    wanted = {key: tuple(each.shape) for key, each in theirs.state_dict().items()}
    if found != wanted:
        raise Fault("constructor names", f"{changed}: {sorted(found.items() ^ wanted.items())[:3]}")
    state = drawn(theirs)
    ours.load_state_dict(state)
    x = torch.randn(2, *sizes, generator=seeded(), dtype=torch.float64)
    with torch.no_grad():
        wanted_values = ran(theirs.eval(), x)
        try:
            values = ran(ours.eval(), x)
        except Fault as fault:
            raise Fault("constructor run crashes", f"{changed}: {fault.verdict.detail}") from None
        try:
            same(values, wanted_values, "constructor values")
        except Fault as fault:
            raise Fault("constructor values", f"{changed}: {fault.verdict.detail}") from None
