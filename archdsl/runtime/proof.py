"""Whether two networks compute the same: both are run on random inputs, in evaluation, and in training where they may.

How much they may differ: each number is a sum of K products, each rounded by at most the unit u of its type (2⁻²⁴ in
float32, 2⁻⁵³ in float64). The errors of a sum grow as √K·u, all but surely (Higham & Mary 2019, "A new approach to
probabilistic rounding error analysis"), and those of the layers add up: Σ √K·u over all layers, relative to the largest
logit. Two such networks are allowed `SAFETY` times that.

Where that isn't enough the old network is asked how much it moves by itself when each of its weights is off by one
unit: a hundred layers with gates make far more of an error than they get. `AMPLIFIED` times as much is allowed then,
and never more than `MOST` of the largest logit.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from archdsl.analysis.instances import Instance, instances
from archdsl.ir.nodes import Architecture
from archdsl.record import record
from archdsl.rewrite.rule import Travel
from archdsl.runtime.module import build
from archdsl.runtime.transport import carried

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

SAFETY = 2
AMPLIFIED = 16
MOST = 1e-4
INPUTS = 2


@record
class Proof:
    """What came of running two networks on the same inputs."""

    difference: float
    """The largest difference between outputs at the same place."""
    scale: float
    """The largest output of the old network, by its amount."""
    bound: float
    """How much of the scale rounding may make."""
    dtype: str
    inputs: int
    modes: str = "evaluation"
    """In which both were run."""

    @property
    def relative(self) -> float:
        """The difference as a share of the scale."""
        return self.difference / self.scale if self.scale else math.inf if self.difference else 0.0

    @property
    def equal(self) -> bool:
        """Whether there is no more than rounding explains."""
        return self.relative <= self.bound

    def __str__(self) -> str:
        return (
            f"largest difference {self.difference:.3g}, {self.relative:.2g} of the largest logit, {self.scale:.3g} "
            f"({self.inputs} random inputs in {self.modes}, {self.dtype}; rounding allows {self.bound:.2g})"
        )


@record
class Side:
    """A network with its source, from which its module is made."""

    architecture: Architecture
    source: str


def prove(
    old: Side,
    new: Side,
    travels: Iterable[Travel],
    weights: Mapping[str, Tensor] | None = None,
    in_training: bool = False,
    seed: int = 0,
) -> tuple[Proof, dict[str, Tensor]]:
    """Run both networks with the same weights, and give the new ones beside what came of it.

    Without weights they are random, statistics and all, and everything is done in double precision, in which a wrong
    factor can't hide behind rounding. With weights it is done in their own type. With `in_training` both are also run
    in training, with the same random numbers, and their auxiliary outputs are compared too. Raises AssertionError for
    weights that don't fit.
    """
    import torch

    generator = torch.Generator().manual_seed(seed)
    dtype = torch.float64
    if weights is None:
        weights = random_weights(instances(old.architecture), generator)
    elif all(each.dtype != torch.float64 for each in weights.values()):
        dtype = torch.float32
    made = carried(weights, travels, dtype)
    x = torch.randn(INPUTS, *map(_settled, old.architecture.input.dims), generator=generator, dtype=dtype)
    rounding = max(map(_rounding, (old.architecture, new.architecture))) * SAFETY * torch.finfo(dtype).eps / 2
    name = str(dtype).removeprefix("torch.")
    modes = ("evaluation", "training") if in_training else ("evaluation",)
    found: list[Proof] = []
    with torch.random.fork_rng(devices=[]), torch.no_grad():
        # What isn't among the weights begins as it does in a new network.
        torch.manual_seed(seed)
        second = _module(new.source, made, dtype)
        complete = {key: tensor.clone() for key, tensor in second.state_dict().items() if key not in made}
        del second
        for mode in modes:
            training = mode == "training"
            met: list[float] = []
            lefts = _outputs(old.source, weights, x, dtype, training, met)
            rights = _outputs(new.source, {**made, **complete}, x, dtype, training)
            assert len(lefts) == len(rights), f"{len(lefts)} and {len(rights)} outputs"
            for place, (left, right) in enumerate(zip(lefts, rights, strict=True)):
                assert left.numel() == right.numel(), f"{tuple(left.shape)} and {tuple(right.shape)} differ in size"
                difference = (left - right.reshape(left.shape)).abs().max().item()
                scale, bound = left.abs().max().item(), rounding
                if scale <= rounding * max(met):
                    # What cancels out is nothing but rounding, of the numbers on the way.
                    scale = max(met)
                if scale and difference > bound * scale:
                    moved = _moved(old.source, weights, x, lefts, place, dtype, training)
                    bound = max(bound, min(AMPLIFIED * moved / scale, MOST))
                found.append(Proof(difference, scale, bound, name, INPUTS, " and ".join(modes)))
    # What is no number compares with nothing, and is the worst.
    worst = max(found, key=lambda each: (not each.equal, each.relative))
    return worst, {**made, **complete}


def _outputs(
    source: str,
    weights: Mapping[str, Tensor],
    x: Tensor,
    dtype: torch.dtype,
    training: bool,
    met: list[float] | None = None,
) -> tuple[Tensor, ...]:
    """What a network makes of inputs: its output, and in training those beside it. Dropouts always drop the same.

    `met` gets the largest number that each of its layers takes, as far as they are modules.
    """
    import torch

    module = _module(source, weights, dtype).train(training)
    if met is not None:
        met.append(x.abs().max().item())
        for each in module.modules():
            each.register_forward_pre_hook(lambda _, taken: met.append(taken[0].abs().max().item()))
    torch.manual_seed(0)
    made = module(x)
    return tuple(made) if isinstance(made, tuple) else (made,)


def random_weights(layers: Iterable[Instance], generator: torch.Generator) -> dict[str, Tensor]:
    """Weights that are nowhere what they begin with: scales, offsets and kept statistics among them.

    Filters keep the size of what passes (He et al. 2015), so that the logits are of a size to compare.
    """
    import torch

    found: dict[str, Tensor] = {}
    draw: Callable[..., Tensor] = lambda *size: torch.randn(*size, generator=generator, dtype=torch.float64)  # noqa: E731
    for layer in layers:
        for key, sizes in layer.keys().items():
            shape = tuple(map(_settled, sizes))
            name = key.rpartition(".")[2]
            if name == "num_batches_tracked":
                found[key] = torch.tensor(7)
            elif len(shape) > 1 and name == "weight":
                found[key] = draw(*shape) * math.sqrt(2 / (math.prod(shape) / shape[0]))
            elif name in ("weight", "running_var"):
                found[key] = 0.75 + torch.rand(*shape, generator=generator, dtype=torch.float64) / 2
            else:
                found[key] = draw(*shape) / 8
    return found


def _module(source: str, weights: Mapping[str, Tensor], dtype: torch.dtype) -> nn.Module:
    """A network in evaluation with weights put in; what isn't among them keeps its beginning."""
    import torch

    with torch.device("meta"):
        module = build(source)
    wanted = {*module.state_dict(), *(name for name, _ in module.named_parameters())}
    fresh = {name for name in wanted if name not in weights and not name.endswith("num_batches_tracked")}
    if fresh:
        module = build(source)
    cast = {name: each.to(dtype) if each.is_floating_point() else each for name, each in weights.items()}
    missing, unexpected = module.load_state_dict(cast, strict=False, assign=True)
    assert not unexpected, f"the network has no {', '.join(unexpected[:3])}"
    for name in missing:
        if name.endswith("num_batches_tracked"):
            parent = module.get_submodule(name.rpartition(".")[0])
            parent.num_batches_tracked = torch.tensor(0)
    return module.to(dtype).eval()


def _moved(
    source: str,
    weights: Mapping[str, Tensor],
    x: Tensor,
    outputs: tuple[Tensor, ...],
    place: int,
    dtype: torch.dtype,
    training: bool,
) -> float:
    """How far one of the outputs moves when every weight of the network is off by a unit, up or down."""
    import torch

    unit = torch.finfo(dtype).eps
    off = {
        name: each.to(dtype) * (1 + unit * torch.randn_like(each, dtype=dtype).sign())
        if each.is_floating_point()
        else each
        for name, each in weights.items()
    }
    return float((_outputs(source, off, x, dtype, training)[place] - outputs[place]).abs().max())


def _rounding(architecture: Architecture) -> float:
    """Σ √K over the layers of a network, where K is how many products make one number."""
    total = 0.0
    for layer in instances(architecture):
        outputs, macs = layer.node.output.elements, layer.node.layer.macs(layer.node.input)
        if isinstance(macs, int) and isinstance(outputs, int):
            # A layer without products rounds each number once, or not at all.
            total += math.sqrt(max(macs / outputs, 1))
    return total


def _settled(size: object) -> int:
    assert isinstance(size, int)
    return size
