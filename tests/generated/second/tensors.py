"""Tensors with the place of their channels, and a layer as a function of one: by its page in docs/layers.md."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

Weights = Mapping[str, Tensor]


@dataclass(frozen=True, eq=False)
class Flow:
    """A batch, and whether its channels come last."""

    data: Tensor
    last: bool = False

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.data.shape[1:])

    @property
    def rank(self) -> int:
        return self.data.ndim - 2

    @property
    def channels(self) -> int:
        return self.data.shape[-1 if self.last else 1]

    @property
    def spatial(self) -> tuple[int, ...]:
        return self.shape[:-1] if self.last else self.shape[1:]

    def with_data(self, data: Tensor) -> Flow:
        return Flow(data, self.last and data.ndim > 2)


@dataclass(eq=False)
class Layer:
    """A layer at a place: its fields, and the shape that arrives."""

    keyword: str
    fields: dict[str, Any]
    x: Flow
    name: str = ""
    bias: bool = True
    """What a convolution or `fc` has unless it says otherwise; settled when its container is done."""

    def __post_init__(self) -> None:
        self.shape, self.last, self.channels = self.x.shape, self.x.last, self.x.channels
        self.rank = self.x.rank

    def axes(self, field: str) -> tuple[int, ...]:
        value = self.fields[field]
        return tuple(value) if isinstance(value, (tuple, list)) else (value,) * self.rank

    @property
    def has_bias(self) -> bool:
        said = self.fields.get("bias")
        return self.bias if said is None else said

    @property
    def groups(self) -> int:
        return self.channels if self.keyword == "dwconv" else self.fields["groups"]

    @property
    def filters(self) -> int:
        return self.channels * self.fields["multiplier"] if self.keyword == "dwconv" else self.fields["channels"]

    def weights(self) -> dict[str, tuple[int, ...]]:
        """Parameters by their names in the layer; a bare one has the name ''."""
        c, fields = self.channels, self.fields
        match self.keyword:
            case "conv" | "dwconv":
                return self._biased((self.filters, c // self.groups, *self.axes("kernel")), self.filters)
            case "deconv":
                return self._biased((c, fields["channels"] // fields["groups"], *self.axes("kernel")), self.filters)
            case "conv-head":
                return self._biased((fields["channels"], *self.shape), fields["channels"])
            case "fc":
                return self._biased((fields["features"], math.prod(self.shape)), fields["features"])
            case "linear":
                return self._biased((fields["features"], self.shape[-1]), fields["features"])
            case "bn" | "gn" | "instancenorm":
                return {"weight": (c,), "bias": (c,)} if fields["affine"] else {}
            case "ln":
                if not fields["elementwise_affine"]:
                    return {}
                return {"weight": (c,), "bias": (c,)} if fields["bias"] else {"weight": (c,)}
            case "prelu":
                return {"weight": (fields["num_parameters"],)}
            case "layerscale":
                return {"": (c,) if self.last else (c, *(1,) * self.rank)}
        return {}

    def _biased(self, weight: tuple[int, ...], filters: int) -> dict[str, tuple[int, ...]]:
        return {"weight": weight, "bias": (filters,)} if self.has_bias else {"weight": weight}

    def buffers(self) -> dict[str, tuple[int, ...]]:
        if self.keyword in ("bn", "instancenorm") and self.fields["track_running_stats"]:
            c = self.channels
            return {"running_mean": (c,), "running_var": (c,), "num_batches_tracked": ()}
        return {}

    def state(self) -> dict[str, tuple[int, ...]]:
        return self.weights() | self.buffers()

    def key(self, name: str) -> str:
        return f"{self.name}.{name}" if name else self.name

    def zeros(self) -> Weights:
        return {key: torch.zeros(shape, dtype=torch.float64) for key, shape in self.state().items()}

    def run(self, x: Flow, weights: Weights, training: bool = False) -> Flow:
        made = RUN[self.keyword](self, x, weights, training)
        return made if isinstance(made, Flow) else x.with_data(made)


def _of_rank(name: str, rank: int) -> Callable[..., Tensor]:
    found: Callable[..., Tensor] = getattr(F, f"{name}{rank}d")
    return found


def _conv(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    padding = layer.fields["padding"]
    reaches = [d * (k - 1) for k, d in zip(layer.axes("kernel"), layer.axes("dilation"), strict=True)]
    if padding == "half":
        sides = [(reach // 2, reach // 2) for reach in reaches]
    elif padding == "same":
        sides = [(reach // 2, reach - reach // 2) for reach in reaches]
    elif padding == "valid":
        sides = [(0, 0)] * layer.rank
    else:
        sides = [(amount, amount) for amount in layer.axes("padding")]
    data = _padded(x.data, sides, layer.fields["padding_mode"])
    run = _of_rank("conv", layer.rank)
    return run(data, w["weight"], w.get("bias"), layer.axes("stride"), 0, layer.axes("dilation"), layer.groups)


def _padded(data: Tensor, sides: list[tuple[int, int]], mode: str) -> Tensor:
    flat = [amount for pair in reversed(sides) for amount in pair]
    if not any(flat):
        return data
    return F.pad(data, flat, "constant" if mode == "zeros" else mode)


def _deconv(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    return _of_rank("conv_transpose", layer.rank)(
        x.data,
        w["weight"],
        w.get("bias"),
        layer.axes("stride"),
        layer.axes("padding"),
        layer.axes("output_padding"),
        layer.fields["groups"],
        layer.axes("dilation"),
    )


def _conv_head(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    return F.linear(x.data.flatten(1), w["weight"].flatten(1), w.get("bias"))


def _linear(layer: Layer, x: Flow, w: Weights, training: bool) -> Flow:
    return Flow(F.linear(x.data, w["weight"], w.get("bias")), x.last)


def _fc(layer: Layer, x: Flow, w: Weights, training: bool) -> Flow:
    return Flow(F.linear(x.data.flatten(1), w["weight"], w.get("bias")))


def _steps(layer: Layer) -> tuple[int, ...]:
    return layer.axes("kernel" if layer.fields["stride"] is None else "stride")


def _maxpool(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    return _of_rank("max_pool", layer.rank)(
        x.data,
        layer.axes("kernel"),
        _steps(layer),
        layer.axes("padding"),
        layer.axes("dilation"),
        ceil_mode=layer.fields["ceil"],
    )


def _avgpool(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    return _of_rank("avg_pool", layer.rank)(
        x.data,
        layer.axes("kernel"),
        _steps(layer),
        layer.axes("padding"),
        layer.fields["ceil"],
        layer.fields["count_include_pad"],
    )


def _adaptive(name: str) -> Callable[..., Tensor]:
    def run(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
        sizes = layer.axes("size")
        if not layer.fields["shrink"]:
            sizes = tuple(max(each) for each in zip(sizes, x.spatial, strict=True))
        return _of_rank(f"adaptive_{name}_pool", layer.rank)(x.data, sizes)

    return run


def _gap(layer: Layer, x: Flow, w: Weights, training: bool) -> Flow:
    return Flow(x.data.flatten(2).mean(2))


def _bn(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    fields = layer.fields
    stats = (w.get("running_mean"), w.get("running_var"))
    stats = tuple(each.clone() if each is not None else None for each in stats)
    batch = training or not fields["track_running_stats"]
    return F.batch_norm(x.data, *stats, w.get("weight"), w.get("bias"), batch, fields["momentum"], fields["eps"])


def _instancenorm(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    fields = layer.fields
    stats = (w.get("running_mean"), w.get("running_var"))
    stats = tuple(each.clone() if each is not None else None for each in stats)
    own = training or not fields["track_running_stats"]
    return F.instance_norm(x.data, *stats, w.get("weight"), w.get("bias"), own, fields["momentum"], fields["eps"])


def _ln(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    axis = -1 if x.last else 1
    mean = x.data.mean(axis, keepdim=True)
    variance = (x.data - mean).square().mean(axis, keepdim=True)
    made = (x.data - mean) / (variance + layer.fields["eps"]).sqrt()
    ones = (-1,) if x.last else (-1, *(1,) * x.rank)
    if "weight" in w:
        made = made * w["weight"].reshape(ones)
    return made + w["bias"].reshape(ones) if "bias" in w else made


def _lrn(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    fields = layer.fields
    return F.local_response_norm(x.data, fields["size"], fields["alpha"], fields["beta"], fields["k"])


def _upsample(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    fields = layer.fields
    scales = tuple(float(each) for each in layer.axes("scale"))
    return F.interpolate(x.data, scale_factor=scales, mode=fields["mode"], align_corners=fields["align_corners"])


def _channelshuffle(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    g = layer.fields["groups"]
    return x.data.reshape(len(x.data), g, -1, *x.spatial).transpose(1, 2).reshape(x.data.shape)


def _pad(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    before = layer.axes("amount")
    behind = before if layer.fields["behind"] is None else layer.axes("behind")
    sides = list(zip(before, behind, strict=True))
    if any(layer.fields["channels"]):
        sides.insert(layer.rank if x.last else 0, tuple(layer.fields["channels"]))
    elif x.last:
        sides.append((0, 0))
    return _padded(x.data, sides, layer.fields["mode"])


def _crop(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    data = x.data
    for axis, cut in enumerate(layer.axes("amount"), 1 if x.last else 2):
        data = data.narrow(axis, cut, data.shape[axis] - 2 * cut)
    return data


def _permute(layer: Layer, x: Flow, w: Weights, training: bool) -> Flow:
    axes = layer.fields["axes"]
    if x.rank == 0:
        return x
    place = axes.index(len(axes) - 1 if x.last else 1)
    if place not in (1, len(axes) - 1):
        raise ValueError("the channels end up in the middle")
    return Flow(x.data.permute(axes), place == len(axes) - 1)


def _reshape(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    sizes = layer.fields["shape"]
    total, known = math.prod(x.shape), math.prod(size for size in sizes if size != -1)
    return x.data.reshape(len(x.data), *(total // known if size == -1 else size for size in sizes))


def _chunk(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
    width = x.channels // layer.fields["chunks"]
    return x.data.narrow(x.data.ndim - 1 if x.last else 1, layer.fields["index"] * width, width)


def _pointwise(function: Callable[..., Tensor], **fields: str) -> Callable[..., Tensor]:
    def run(layer: Layer, x: Flow, w: Weights, training: bool) -> Tensor:
        return function(x.data, **{name: layer.fields[field] for name, field in fields.items()})

    return run


def _unchanged(layer: Layer, x: Flow, w: Weights, training: bool) -> Flow:
    return x


RUN: dict[str, Callable[..., Any]] = {
    "conv": _conv,
    "dwconv": _conv,
    "deconv": _deconv,
    "conv-head": _conv_head,
    "linear": _linear,
    "fc": _fc,
    "maxpool": _maxpool,
    "avgpool": _avgpool,
    "adaptive-avgpool": _adaptive("avg"),
    "adaptive-maxpool": _adaptive("max"),
    "gap": _gap,
    "bn": _bn,
    "instancenorm": _instancenorm,
    "gn": lambda layer, x, w, training: F.group_norm(
        x.data, layer.fields["groups"], w.get("weight"), w.get("bias"), layer.fields["eps"]
    ),
    "ln": _ln,
    "lrn": _lrn,
    "upsample": _upsample,
    "pixelshuffle": lambda layer, x, w, training: F.pixel_shuffle(x.data, layer.fields["factor"]),
    "pixelunshuffle": lambda layer, x, w, training: F.pixel_unshuffle(x.data, layer.fields["factor"]),
    "channelshuffle": _channelshuffle,
    "pad": _pad,
    "crop": _crop,
    "permute": _permute,
    "reshape": _reshape,
    "chunk": _chunk,
    "flatten": lambda layer, x, w, training: Flow(x.data.flatten(1)),
    "identity": _unchanged,
    "dropout": _unchanged,
    "dropout2d": _unchanged,
    "droppath": _unchanged,
    "layerscale": lambda layer, x, w, training: x.data * w[""],
    "relu": _pointwise(torch.relu),
    "relu6": _pointwise(F.relu6),
    "leakyrelu": _pointwise(F.leaky_relu, negative_slope="negative_slope"),
    "prelu": lambda layer, x, w, training: F.prelu(x.data, w["weight"]),
    "elu": _pointwise(F.elu, alpha="alpha"),
    "gelu": _pointwise(F.gelu, approximate="approximate"),
    "silu": _pointwise(F.silu),
    "mish": _pointwise(F.mish),
    "sigmoid": _pointwise(torch.sigmoid),
    "hardsigmoid": _pointwise(F.hardsigmoid),
    "hardswish": _pointwise(F.hardswish),
    "tanh": _pointwise(torch.tanh),
    "softmax": lambda layer, x, w, training: torch.softmax(x.data, -1 if x.last else 1),
}
BIASED = ("conv", "dwconv", "deconv", "conv-head", "fc", "linear")
