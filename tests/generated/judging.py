"""One text through all that makes a network of it, and whether what runs is what was written."""

from __future__ import annotations

import inspect
import math
import random
import re
import sys
import traceback
import types
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.checking import check_program
from archdsl.diagnostics import ArchError
from archdsl.elaborate.program import Program
from archdsl.network import Network, build
from archdsl.opening.imports import read_program
from archdsl.opening.reading import text_source

from .values import Refused, Unsure
from .walk import Second

RELATIVE = 1e-6
"""Both compute in double precision, and what is wired wrongly differs in the first digits."""

LARGEST = 200_000
"""Elements of all tensors and weights of a network that is run here."""

MOST_MACS = 10_000_000


@dataclass(frozen=True)
class Verdict:
    """`ok`, `refused` by `check`, `unsure`, or a kind of fault; with what was seen."""

    kind: str
    detail: str = ""
    compared: int = 0
    """How many other values of parameters were compared."""

    @property
    def is_fault(self) -> bool:
        return self.kind not in ("ok", "refused", "refused alone", "unsure")

    @property
    def key(self) -> str:
        """What faults of one kind have in common, roughly."""
        if self.kind not in DETAILED:
            return self.kind
        if self.kind == "second refuses":
            return f"{self.kind}: {self.detail.split(':')[0]}"
        plain = re.sub(r"'[^']*'|`[^`]*`|0x[0-9a-f]+|text=.*(?=\(\w+\.py)", "…", self.detail)
        return f"{self.kind}: {re.sub(r'[0-9]+', 'N', plain)[:110]}"


DETAILED = ("check crashes", "compile crashes", "compile refuses", "source crashes", "run crashes", "second refuses", "constructor crashes")


NOT_READ = {"bad-label", "bad-name", "impossible-initialization", "defined-twice", "bad-variant", "bad-argument", "incomplete-spec"}
"""What `check` refuses for reasons that have nothing to do with what a text says of the network."""


class Fault(Exception):
    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(kind, detail)
        self.verdict = Verdict(kind, detail)


def judge(text: str, parametric: bool = True) -> Verdict:
    """Whether a text that `check` passes compiles, runs, and is what it says."""
    try:
        program = read_program(text_source(text, "net.arch"))
        report = check_program(program)
    except ArchError as error:
        return Verdict("refused", ", ".join(each.code for each in error.diagnostics))
    except Exception as error:  # noqa: BLE001 — whatever comes out is a finding
        return Verdict("check crashes", brief(error))
    if report.errors:
        return refusal(program, ", ".join(each.code for each in report.errors))
    if program.is_library:
        return Verdict("refused", "library")
    compared = 0
    try:
        for variant in [*program.variants][:2] or [None]:
            compared += _judged(program, variant, random.Random(text), parametric)
    except Fault as fault:
        return fault.verdict
    except Unsure as error:
        return Verdict("unsure", str(error))
    return Verdict("ok", compared=compared)


def refusal(program: Program, codes: str) -> Verdict:
    """What `check` refuses; `refused alone` where the text reads as if it meant something."""
    if set(codes.split(", ")) & NOT_READ:
        return Verdict("refused", codes)
    try:
        Second(program.file)
    except Exception:  # noqa: BLE001 — it was refused, and so needs no reading
        return Verdict("refused", codes)
    return Verdict("refused alone", codes)


def _judged(program: Program, variant: str | None, choose: random.Random, parametric: bool) -> int:
    network = build(program, variant)
    if not is_small(network):
        raise Unsure("too large to run here")
    source = written(network)
    kind = executed(source)
    module = made(kind, {})
    try:
        second = Second(program.file, variant=network.variant)
    except Refused as error:
        raise Fault("second refuses", str(error)) from None
    compare_structure(network, module, second)
    state = drawn(module)
    for batch in (2,):
        x = torch.randn(batch, *network.input, generator=seeded(), dtype=torch.float64)
        compare_values(module, second, state, x)
    if choose.random() < 0.2:
        compare_larger(program, variant, source, module, second, state)
    return compare_parameters(program, network, kind, choose) if parametric else 0


def is_small(network: Network) -> bool:
    """Whether a network runs here in a moment."""
    try:
        summary = network.shapes()
        rows = list(summary.rows)
    except Exception as error:  # noqa: BLE001
        raise Fault("table crashes", brief(error)) from None
    elements = sum(math.prod(row.output) * row.repeat for row in rows)
    return elements + math.prod(network.input) + summary.params <= LARGEST and summary.macs <= MOST_MACS


def written(network: Network) -> str:
    try:
        return network.source()
    except ArchError as error:
        raise Fault("compile refuses", ", ".join(f"{each.code}: {each.message}" for each in error.diagnostics)) from None
    except Exception as error:  # noqa: BLE001
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
    except Exception as error:  # noqa: BLE001
        raise Fault("source crashes", brief(error)) from None


def made(kind: type[nn.Module], parameters: Mapping[str, Any]) -> nn.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            module = kind(**parameters).double()
        except Exception as error:  # noqa: BLE001
            raise Fault("constructor crashes", brief(error)) from error
    for each in module.modules():
        if type(each).__name__.startswith("Drop") and isinstance(getattr(each, "p", None), float):
            # What is left out at random can't be compared.
            each.p = 0.0
    return module


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


def compare_values(module: nn.Module, second: Second, state: Mapping[str, Tensor], x: Tensor) -> None:
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
        except Exception as error:  # noqa: BLE001
            raise Fault("run crashes", f"backward: {brief(error)}") from None


def ran(module: nn.Module, x: Tensor) -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return module(x)
    except Exception as error:  # noqa: BLE001
        raise Fault("run crashes", ("training: " if module.training else "") + brief(error)) from None


def reran(second: Second, state: Mapping[str, Tensor], x: Tensor, training: bool) -> tuple[Tensor, dict[str, Tensor]]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return second.run(state, x, training)


def same(ours: Tensor, theirs: Tensor, what: str) -> None:
    if ours.shape != theirs.shape:
        raise Fault(what, f"{tuple(ours.shape)} where the text says {tuple(theirs.shape)}")
    scale = float(theirs.abs().max()) if theirs.numel() else 0.0
    if not torch.allclose(ours, theirs, rtol=RELATIVE, atol=RELATIVE * min(scale, 1e30), equal_nan=True):
        raise Fault(what, f"differ by {float((ours - theirs).abs().max()):.3g} of {scale:.3g}")


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
    offered = [each.name for each in inspect.signature(kind).parameters.values()]
    if strange := [name for name in offered if name not in network.parameters]:
        raise Fault("constructor signature", f"offers {strange}")
    compared = 0
    for _ in range(2 if offered else 0):
        changed = {}
        for name in choose.sample(offered, choose.randint(1, min(2, len(offered)))):
            changed[name] = other(network.parameters[name], choose)
        try:
            wanted = build(program, network.variant, changed)
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


def brief(error: BaseException) -> str:
    """The kind of an exception, where it was raised, and its first line."""
    frames = traceback.extract_tb(error.__traceback__)
    here = [frame for frame in frames if "archdsl" in frame.filename and "tests" not in frame.filename]
    place = f" ({here[-1].filename.rsplit('/', 1)[-1]} {here[-1].name})" if here else ""
    first = str(error).strip().split("\n")[0][:120]
    return f"{type(error).__name__}: {first}{place}"
