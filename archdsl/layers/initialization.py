"""Initialisations: how weights begin, as `init conv kaiming(mode="fan_out")` says it.

Each rule is one of PyTorch's `torch.nn.init`, by the name that papers use. `bias` is a number that the bias begins
with; without it PyTorch's own beginning stays, which is uniform within ±1/√fan_in for convolutions and linear layers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from archdsl.layers.base import Keyword

Finite = Annotated[float, Field(allow_inf_nan=False)]
Deviation = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Fan = Literal["fan_in", "fan_out"]
Nonlinearity = Literal["linear", "relu", "leaky_relu", "tanh", "sigmoid", "selu"]


class Initialization(Keyword):
    """A rule for weights and, where `bias` is given, for the biases beside them."""

    function: ClassVar[str | None]
    """The function of `torch.nn.init`; None leaves the weights to PyTorch."""
    axes: ClassVar[int] = 1
    """As many axes a weight must have."""

    bias: Finite | None = Field(None, description="what biases begin with; PyTorch's own beginning if not given")

    def arguments(self) -> dict[str, object]:
        """The arguments of the function that are not its defaults."""
        kind = type(self)
        return {
            name: getattr(self, name)
            for name, info in kind.model_fields.items()
            if name != "bias" and (info.is_required() or getattr(self, name) != info.default)
        }


class Kaiming(Initialization):
    """Normal, with a variance that keeps that of activations (He et al. 2015, Eq. 10 and 14)."""

    keyword = "kaiming"
    function = "kaiming_normal_"
    axes = 2

    a: Finite = Field(0.0, description="slope of the leaky ReLU behind the layer")
    mode: Fan = Field("fan_in", description="keep the variance forwards, or with `fan_out` backwards")
    nonlinearity: Nonlinearity = Field("leaky_relu", description="what stands behind the layer")


class KaimingUniform(Kaiming):
    """Uniform, with the variance of `kaiming` (He et al. 2015)."""

    keyword = "kaiming-uniform"
    function = "kaiming_uniform_"


class Xavier(Initialization):
    """Normal, with the variance 2/(fan_in + fan_out) (Glorot & Bengio 2010, Eq. 12)."""

    keyword = "xavier"
    function = "xavier_normal_"
    axes = 2
    positional = ("gain",)

    gain: Deviation = Field(1.0, description="factor of the standard deviation")


class XavierUniform(Xavier):
    """Uniform, with the variance of `xavier` (Glorot & Bengio 2010, Eq. 16)."""

    keyword = "xavier-uniform"
    function = "xavier_uniform_"


class Normal(Initialization):
    """Normal around a mean."""

    keyword = "normal"
    function = "normal_"

    mean: Finite = Field(0.0, description="mean")
    std: Deviation = Field(1.0, description="standard deviation")


class TruncatedNormal(Normal):
    """Normal around a mean, drawn again where it falls outside of bounds (in absolute numbers, as PyTorch's)."""

    keyword = "truncated-normal"
    function = "trunc_normal_"

    a: Finite = Field(-2.0, description="lower bound")
    b: Finite = Field(2.0, description="upper bound")


class Uniform(Initialization):
    """Uniform between two bounds."""

    keyword = "uniform"
    function = "uniform_"
    positional = ("a", "b")

    a: Finite = Field(0.0, description="lower bound")
    b: Finite = Field(1.0, description="upper bound")


class Constant(Initialization):
    """One number for all weights."""

    keyword = "constant"
    function = "constant_"
    positional = ("val",)

    val: Finite = Field(description="the number")


class Zeros(Initialization):
    """Zero, as FCN begins its scores and a residual branch may end."""

    keyword = "zeros"
    function = "zeros_"


class Ones(Initialization):
    """One, as the scale of a normalization begins."""

    keyword = "ones"
    function = "ones_"


class Orthogonal(Initialization):
    """A random orthogonal matrix, axes behind the first flattened (Saxe et al. 2014)."""

    keyword = "orthogonal"
    function = "orthogonal_"
    axes = 2
    positional = ("gain",)

    gain: Deviation = Field(1.0, description="factor of the matrix")


class PyTorchDefault(Initialization):
    """What PyTorch does by itself; for giving only the `bias`."""

    keyword = "default"
    function = None


def initializations() -> Mapping[str, type[Initialization]]:
    """Every rule by its name."""
    return MappingProxyType({kind.keyword: kind for kind in _subclasses(Initialization)})


def _subclasses(kind: type[Initialization]) -> Iterator[type[Initialization]]:
    for child in kind.__subclasses__():
        yield child
        yield from _subclasses(child)
