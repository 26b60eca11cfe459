"""The source of a network, written, executed and run."""

from __future__ import annotations

import math
import sys
import types
import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.diagnostics import ArchError
from archdsl.network import Network

from .faults import Fault, brief
from .second.values import Unsure
from .second.walk import Second

LARGEST = 200_000
"""Elements of all tensors and weights of a network that is run here."""

MOST_MACS = 10_000_000


def is_small(network: Network) -> bool:
    """Whether a network runs here in a moment."""
    try:
        summary = network.shapes()
        rows = list(summary.rows)
    except Exception as error:
        raise Fault("table crashes", brief(error)) from None
    elements = sum(math.prod(row.output) * row.repeat for row in rows)
    return elements + math.prod(network.input) + summary.params <= LARGEST and summary.macs <= MOST_MACS


def written(network: Network) -> str:
    try:
        return network.source()
    except ArchError as error:
        raise Fault(
            "compile refuses", ", ".join(f"{each.code}: {each.message}" for each in error.diagnostics)
        ) from None
    except Exception as error:
        raise Fault("compile crashes", brief(error)) from None


def executed(source: str) -> type[nn.Module]:
    """The class of a source, without a trace of it left behind."""
    name = "archdsl_generated_here"
    module = types.ModuleType(name)
    sys.modules[name] = module
    try:
        exec(compile(source, "<net>", "exec", dont_inherit=True), module.__dict__)
        found: type[nn.Module] = module.__dict__[module.__all__[0]]
        return found
    except Exception as error:
        raise Fault("source crashes", brief(error)) from None


def made(kind: type[nn.Module], parameters: Mapping[str, Any]) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = kind(**parameters).double()
        except Exception as error:
            raise Fault("constructor crashes", brief(error)) from error
    for each in module.modules():
        if type(each).__name__.startswith("Drop") and isinstance(getattr(each, "p", None), float):
            # What is left out at random can't be compared.
            each.p = 0.0
    return module


def seeded() -> torch.Generator:
    return torch.Generator().manual_seed(1)


def drawn(module: nn.Module) -> dict[str, Tensor]:
    """Weights put into a module, none of them at a value that hides anything."""
    generator = seeded()
    state = {}
    with torch.no_grad():
        for key, each in module.state_dict().items():
            if each.is_floating_point():
                if key.endswith("running_var"):
                    each.uniform_(0.5, 1.5, generator=generator)
                elif each.ndim > 1 and each[0].numel() > 1:
                    each.normal_(0, (1.5 / each[0].numel()) ** 0.5, generator=generator)
                elif key.endswith(("bias", "running_mean")):
                    each.normal_(0, 0.5, generator=generator)
                else:
                    each.uniform_(0.5, 1.5, generator=generator)
            state[key] = each.clone()
    return state


def ran(module: nn.Module, x: Tensor) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return module(x)
    except Exception as error:
        raise Fault("run crashes", ("training: " if module.training else "") + brief(error)) from None


def reran(
    second: Second, state: Mapping[str, Tensor], x: Tensor, training: bool, noise: torch.Generator | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """The same, as the text says it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return second.run(state, x, training, noise)
    except Unsure:
        raise
    except Exception as error:
        raise Fault("second crashes", brief(error)) from None
