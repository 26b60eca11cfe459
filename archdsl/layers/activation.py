"""Activations: a function of each element, and the softmax over channels."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from archdsl.layers.base import (
    ImpossibleLayer,
    Layer,
    NotNegativeNumber,
    Number,
    Positive,
    Role,
    require,
)
from archdsl.layers.kept import INPUT, OUTPUT, Kept
from archdsl.layers.torch_call import Module, Step
from archdsl.shape import Dim, Layout, Shape
from archdsl.symbolic import compare, disjunction


class Activation(Layer):
    """A layer that is one torch module of the element, with nothing to learn."""

    role = Role.ACTIVATION
    elementwise = True
    torch_name: ClassVar[str]
    keeps_output: ClassVar[bool] = False
    """The gradient is worked out from the result."""
    keeps_result_in_place: ClassVar[bool] = False
    """So it is where the result is written over the input; otherwise a copy of the input is kept."""

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        if self.keeps_output or (inplace and self.keeps_result_in_place):
            return OUTPUT
        return Kept(extra=x.elements) if inplace else INPUT

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Module(type(self).torch_name),)


class ReLU(Activation):
    """Rectifier, max(0, x) (Nair & Hinton 2010)."""

    keyword = "relu"
    elsewhere = (
        "PyTorch: ReLU(inplace>)",
        "Keras: ReLU(max_value>!, negative_slope>!, threshold>!)",
        "functions: relu(x>, inplace>)",
        "papers: rectifier rectified_linear",
    )
    torch_name = "ReLU"
    keeps_output = True
    has_inplace = True
    examples = ("64x8x8: relu", "10: relu", "4x9: relu", "4x3x3x3: relu")


class ReLU6(Activation):
    """Rectifier capped at 6, min(max(0, x), 6) (MobileNet, Howard et al. 2017)."""

    keyword = "relu6"
    elsewhere = (
        "PyTorch: ReLU6(inplace>)",
        "functions: relu6(x>, inplace>)",
    )
    torch_name = "ReLU6"
    has_inplace = True
    examples = ("64x8x8: relu6", "10: relu6", "4x9: relu6", "4x3x3x3: relu6")


class LeakyReLU(Activation):
    """Rectifier that lets a little through below zero (Maas et al. 2013)."""

    keyword = "leakyrelu"
    elsewhere = (
        "PyTorch: LeakyReLU(negative_slope, inplace>)",
        "Keras: LeakyReLU(alpha>negative_slope)",
        "functions: leaky_relu(x>, negative_slope, inplace>)",
        "Darknet: leaky(negative_slope=0.1)",
        "papers: lrelu leaky leaky_rectifier",
    )
    keeps_result_in_place = True
    has_inplace = True
    examples = ("64x8x8: leakyrelu", "10: leakyrelu(0.1)", "4x9: leakyrelu(0)", "4x3x3x3: leakyrelu(0.2)")

    # A negative slope has no inverse, which the gradient of the in-place form would need.
    negative_slope: NotNegativeNumber = Field(0.01, description="slope below zero")

    def torch(self, x: Shape) -> tuple[Step, ...]:
        slope = self.negative_slope
        return (Module.of("LeakyReLU", defaults={"negative_slope": 0.01}, negative_slope=slope),)


class PReLU(Layer):
    """Rectifier whose slope below zero is learned (He et al. 2015)."""

    # Not `elementwise`: with one slope a channel, an element must be told its channel.
    keyword = "prelu"
    elsewhere = (
        "PyTorch: PReLU(num_parameters, init)",
        "papers: parametric_relu p_relu",
    )
    role = Role.ACTIVATION
    examples = (
        "64x8x8: prelu",
        "64x8x8: prelu(num_parameters=64)",
        "10: prelu(num_parameters=10)",
        "4x9: prelu(num_parameters=4)",
        "4x3x3x3: prelu",
        "4x3x3: permute(0, 2, 3, 1) prelu",
    )

    num_parameters: Positive = Field(1, description="number of slopes: 1, or one for each channel")
    init: Number = Field(0.25, description="slope to start from")

    def output(self, x: Shape) -> Shape:
        count = self.num_parameters
        fits = [compare("==", count, 1)]
        if x.layout is not Layout.CHANNELS_LAST:
            # PyTorch counts the slopes along axis 1, which is where channels-first maps have theirs.
            fits.append(compare("==", count, x.channels))
        require(
            disjunction(fits),
            lambda: ImpossibleLayer(
                None,
                f"`prelu` has one slope or one for each channel of axis 1, got {count}",
                f"{x} arrives here, {x.layout.value}",
            ),
        )
        return x

    def weights(self, x: Shape) -> dict[str, tuple[Dim, ...]]:
        return {"weight": (self.num_parameters,)}

    def torch(self, x: Shape) -> tuple[Step, ...]:
        defaults = {"num_parameters": 1, "init": 0.25}
        return (Module.of("PReLU", defaults=defaults, num_parameters=self.num_parameters, init=self.init),)


class ELU(Activation):
    """Exponential linear unit, α(exp(x) − 1) below zero (Clevert et al. 2015)."""

    keyword = "elu"
    elsewhere = (
        "PyTorch: ELU(alpha, inplace>)",
        "functions: elu(x>, alpha, inplace>)",
    )
    keeps_result_in_place = True
    has_inplace = True
    examples = ("64x8x8: elu", "10: elu(0.5)", "4x9: elu(alpha=2)", "4x3x3x3: elu")

    # As for the leaky rectifier: in place, a negative α has no gradient.
    alpha: NotNegativeNumber = Field(1.0, description="what the output tends to below zero, but for its sign")

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Module.of("ELU", defaults={"alpha": 1.0}, alpha=self.alpha),)


class GELU(Activation):
    """Gaussian error linear unit, x·Φ(x) (Hendrycks & Gimpel 2016)."""

    keyword = "gelu"
    elsewhere = (
        "PyTorch: GELU(approximate)",
        "functions: gelu(x>, approximate)",
    )
    examples = ("64x8x8: gelu", '10: gelu(approximate="tanh")', "4x9: gelu", "4x3x3x3: gelu")

    approximate: Literal["none", "tanh"] = Field("none", description="whether Φ is worked out or approached by tanh")

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Module.of("GELU", defaults={"approximate": "none"}, approximate=self.approximate),)


class SiLU(Activation):
    """Sigmoid linear unit or swish, x·σ(x) (Elfwing et al. 2017; Ramachandran et al. 2017)."""

    keyword = "silu"
    elsewhere = (
        "PyTorch: SiLU(inplace>)",
        "Keras: swish()",
        "functions: silu(x>, inplace>)",
        "papers: swish",
    )
    torch_name = "SiLU"
    has_inplace = True
    examples = ("64x8x8: silu", "10: silu", "4x9: silu", "4x3x3x3: silu")


class Mish(Activation):
    """x·tanh(softplus(x)) (Misra 2019)."""

    keyword = "mish"
    elsewhere = (
        "PyTorch: Mish(inplace>)",
        "functions: mish(x>, inplace>)",
    )
    torch_name = "Mish"
    has_inplace = True
    examples = ("64x8x8: mish", "10: mish", "4x9: mish", "4x3x3x3: mish")


class Sigmoid(Activation):
    """Logistic function, 1/(1 + exp(−x)) (PyTorch's Sigmoid)."""

    keyword = "sigmoid"
    elsewhere = (
        "PyTorch: Sigmoid()",
        "functions: sigmoid(x>)",
        "Darknet: logistic()",
        "papers: logistic sigm",
    )
    torch_name = "Sigmoid"
    keeps_output = True
    examples = ("64x8x8: sigmoid", "10: sigmoid", "4x9: sigmoid", "4x3x3x3: sigmoid")


class HardSigmoid(Activation):
    """Sigmoid made of straight lines, min(max(0, x + 3), 6)/6 (MobileNet v3, Howard et al. 2019)."""

    keyword = "hardsigmoid"
    elsewhere = (
        "PyTorch: Hardsigmoid(inplace>)",
        "papers: hard_sigmoid h_sigmoid",
    )
    torch_name = "Hardsigmoid"
    has_inplace = True
    examples = ("64x8x8: hardsigmoid", "10: hardsigmoid", "4x9: hardsigmoid", "4x3x3x3: hardsigmoid")


class HardSwish(Activation):
    """Swish made of straight lines, x·min(max(0, x + 3), 6)/6 (MobileNet v3, Howard et al. 2019)."""

    keyword = "hardswish"
    elsewhere = (
        "PyTorch: Hardswish(inplace>)",
        "papers: hard_swish h_swish hswish hard_silu",
    )
    torch_name = "Hardswish"
    has_inplace = True
    examples = ("64x8x8: hardswish", "10: hardswish", "4x9: hardswish", "4x3x3x3: hardswish")


class Tanh(Activation):
    """Hyperbolic tangent (PyTorch's Tanh)."""

    keyword = "tanh"
    elsewhere = (
        "PyTorch: Tanh()",
        "functions: tanh(x>)",
        "papers: hyperbolic_tangent",
    )
    torch_name = "Tanh"
    keeps_output = True
    examples = ("64x8x8: tanh", "10: tanh", "4x9: tanh", "4x3x3x3: tanh")


class Softmax(Layer):
    """Exponentials over the channels, scaled to a sum of one (PyTorch's Softmax)."""

    keyword = "softmax"
    elsewhere = (
        "PyTorch: Softmax Softmax2d(dim>)",
        "Keras: Softmax(axis>)",
        "functions: softmax(x>, dim>)",
    )
    role = Role.ACTIVATION
    makes_probabilities = True
    examples = (
        "10: softmax",
        "21x8x8: softmax",
        "4x9: softmax",
        "4x3x3x3: softmax",
        "21x8x8: permute(0, 2, 3, 1) softmax",
    )

    def kept(self, x: Shape, inplace: bool = False) -> Kept:
        return OUTPUT

    def torch(self, x: Shape) -> tuple[Step, ...]:
        return (Module("Softmax", (), (("dim", x.channel_axis),)),)
